#!/usr/bin/env python3
"""Writes docs/models.md from models.json, what the documentation of the API states about its models.

With --check it writes nothing and fails if the file differs from what it would write.

models.json has one model a line. `sizes` is a list of pairs, two lists of sides or a range; `sizes_from` states
whether the model's page, the OpenAPI schema or both give them. If both do and differ, only the sizes that both allow are
listed. `inferred`: the lists of sides equal those of a model that publishes its pairs. `unpublished`: there are no
limits in the documentation; `max_pixels` is the number of pixels of the default size.
"""
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]


def described(model):
    if model["sizes"] is None:
        return "takes no size"
    (form, rule), = model["sizes"].items()
    if form == "pairs":
        shown = ", ".join("×".join(map(str, size)) for size in rule[:4])
        return shown if len(rule) <= 4 else f"{shown}, … ({len(rule)} pairs)"
    if form == "sides":
        widths, heights = rule["widths"], rule["heights"]
        shown = f"{len(widths)} widths {min(widths)}–{max(widths)}, {len(heights)} heights {min(heights)}–{max(heights)}"
    elif model["sizes_from"] == "unpublished":
        return f"not published; imgpost keeps to {rule['max_pixels']:,} pixels"
    else:
        (w0, h0), (w1, h1) = rule["min"], rule["max"]
        shown = f"from {w0}×{h0}" if w1 == 65535 else f"{w0}×{h0} to {w1}×{h1}"
        if rule["multiple"] > 1:
            shown += f", multiples of {rule['multiple']}"
    if "max_pixels" in rule:
        shown += f", {rule['min_pixels']:,}–{rule['max_pixels']:,} pixels, at most {rule['max_ratio']}:1"
    return shown


def markdown(data):
    lines = [
        "# Models",
        "",
        f"What the documentation of the API states about {len(data['models'])} models, as of {data['captured']}.",
        "This file is made by `src/leonardo/model/make_docs.py` from `models.json` beside it.",
        "`imgpost models --online` compares it with the API.",
        "",
        "| id | title | kind | sizes | guidances |",
        "|---|---|---|---|---|",
    ]
    for model in data["models"]:
        guidances = ", ".join(f"{name} {rule['max']}" for name, rule in model["guidances"].items())
        title = model["title"] + (f" (retired {model['retired']})" if "retired" in model else "")
        lines.append(f"| `{model['id']}` | {title} | {model['kind']} | {described(model)} | {guidances or 'none'} |")
    return "\n".join(lines) + "\n"


def main():
    content = markdown(json.loads((HERE / "models.json").read_text()))
    path = ROOT / "docs/models.md"
    if sys.argv[1:] != ["--check"]:
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    elif path.read_text() != content:
        sys.exit(f"{path.relative_to(ROOT)} is not what make_docs.py writes; run it")


main()
