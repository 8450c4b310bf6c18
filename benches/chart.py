#!/usr/bin/env python3
"""Draws benches/post.svg from the numbers in benches/post.json, which `cargo bench --bench post` writes."""

import json
import pathlib
from html import escape

HERE = pathlib.Path(__file__).parent

WIDTH = 860
MARGIN = 20
NAMES = 196
GAP = 40
TOP = 64
ROW = 38
BAR = 22
# Room for the number after the longest bar.
NUMBER = 44

STYLE = """
  text { font: 13px -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif; fill: #1f2328 }
  .heading, .ours { font-weight: 600 }
  .heading { font-size: 15px }
  .muted { font-size: 12px; fill: #59636e }
  .number { font-variant-numeric: tabular-nums }
  .card { fill: #ffffff; stroke: #d1d9e0 }
  .grid { stroke: #e4e8ec }
  .base { stroke: #818b98 }
  .bar { fill: #b6bfc9 }
  .bar.ours { fill: #0969da }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .muted { fill: #9198a1 }
    .card { fill: #0d1117; stroke: #3d444d }
    .grid { stroke: #262c36 }
    .base { stroke: #656c76 }
    .bar { fill: #59626d }
    .bar.ours { fill: #4493f8 }
  }
"""


def step(largest: float) -> float:
    """The distance of the grid's lines: 1, 2 or 5 times a power of ten, so that there are at most five."""
    power = 1.0
    while True:
        for factor in (1, 2, 5):
            if largest <= 5 * factor * power:
                return factor * power
        power *= 10


def text(x: float, y: float, content: str, kind: str = "", anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{escape(content)}</text>'


def panel(left: float, width: float, heading: str, unit: str, values: list[float]) -> list[str]:
    bottom = TOP + ROW * len(values)
    distance = step(max(values))
    scale = (width - NUMBER) / max(values)
    parts = [text(left, 36, heading, "heading")]
    for line in range(int(max(values) / distance) + 1):
        x = left + line * distance * scale
        kind = "grid" if line else "base"
        label = f"{line * distance:.0f}" + ("" if line else f" {unit}")
        parts.append(f'<path d="M{x:.1f} {TOP - 4}V{bottom}" class="{kind}"/>')
        parts.append(text(x, bottom + 18, label, "muted", "middle" if line else "start"))
    for row, value in enumerate(values):
        y = TOP + ROW * row + (ROW - BAR) / 2 - 2
        ours = "" if row else " ours"
        parts.append(f'<rect x="{left:.1f}" y="{y}" width="{value * scale:.1f}" height="{BAR}" rx="2" class="bar{ours}"/>')
        parts.append(text(left + value * scale + 7, y + BAR - 6, f"{value:.0f}", "number" + ours))
    return parts


def chart(numbers: dict) -> str:
    contenders = numbers["contenders"]
    height = TOP + ROW * len(contenders) + 34
    width = (WIDTH - 2 * MARGIN - NAMES - GAP) / 2
    first = MARGIN + NAMES
    parts = []
    for row, contender in enumerate(contenders):
        y = TOP + ROW * row + (ROW + BAR) / 2 - 8
        parts.append(text(first - 12, y, contender["name"], "" if row else "ours", "end"))
    for left, heading, unit, key in (
        (first, "Time of the process", "ms", "milliseconds"),
        (first + width + GAP, "Peak memory", "MiB", "mebibytes"),
    ):
        parts += panel(left, width, heading, unit, [contender[key] for contender in contenders])
    description = "; ".join(f'{c["name"]}: {c["milliseconds"]:.0f} ms, {c["mebibytes"]:.0f} MiB' for c in contenders)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img">',
        "<title>A photo of 16 megapixels, fitted to 1024×768 and posted: less is better</title>",
        f"<desc>{escape(description)}</desc>",
        f"<style>{STYLE}</style>",
        f'<rect x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="8" class="card"/>',
        *parts,
        "</svg>",
        "",
    ])


numbers = json.loads((HERE / "post.json").read_text(encoding="utf-8"))
(HERE / "post.svg").write_text(chart(numbers), encoding="utf-8")
