#!/usr/bin/env python3
"""Runs `imgpost plan --model` for every model, and checks each size against models.json, which it reads by itself.

    tests/ci/plan_models.py IMGPOST [FOLDER]

Without a folder, the images are the committed photo and generated files of twelve ratios. Every size has to be one that
the model allows. Of listed sizes, it has to be the one that crops least, but for 2 % of the pixels: sizes whose ratios
differ by less are resolutions of one ratio.
"""
import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import zlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODELS = json.loads((ROOT / "src/leonardo/model/models.json").read_text())["models"]

# From a square over the usual photos to a panorama, upright and lying; then small and odd ones.
SIZES = [
    (3000, 3000), (4000, 3200), (4000, 3000), (6000, 4000), (3840, 2160), (5040, 2160), (3200, 4000), (3000, 4000),
    (2160, 3840), (2160, 5040), (6000, 1500), (331, 217),
]


def png(width, height):
    """A black PNG with one bit a pixel."""
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = bytes(1 + (width + 7) // 8) * height
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")


def listed(rule):
    """The sizes of a list; None for a range."""
    if "pairs" in rule:
        return [tuple(pair) for pair in rule["pairs"]]
    if "sides" in rule:
        sides = rule["sides"]
        pairs = [(width, height) for width in sides["widths"] for height in sides["heights"]]
        return [pair for pair in pairs if within_limits(sides, *pair)]
    return None


def within_limits(rule, width, height):
    pixels = width * height
    return (
        rule.get("min_pixels", 0) <= pixels <= rule.get("max_pixels", pixels)
        and max(width, height) <= rule.get("max_ratio", max(width, height)) * min(width, height)
    )


def is_allowed(rule, width, height):
    sizes = listed(rule)
    if sizes is not None:
        return (width, height) in sizes
    rule = rule["range"]
    (least_width, least_height), (most_width, most_height) = rule["min"], rule["max"]
    return (
        least_width <= width <= most_width
        and least_height <= height <= most_height
        and width % rule["multiple"] == 0
        and height % rule["multiple"] == 0
        and within_limits(rule, width, height)
    )


def kept(size, source):
    """The share of the source that a crop to the ratio of this size keeps."""
    a, b = size[0] * source[1], size[1] * source[0]
    return min(a, b) / max(a, b)


def problem(model, plan):
    source = plan["source_width"], plan["source_height"]
    size = plan["width"], plan["height"]
    rule = model["sizes"]
    if rule is None:
        return None if size == source else "the model takes no size, and the image does not keep its own"
    if not is_allowed(rule, *size):
        return "the model does not allow this size"
    best = max((kept(other, source) for other in listed(rule) or []), default=0)
    if kept(size, source) < best - 0.02:
        return f"another size keeps {best:.1%} of the image"
    crop = plan["crop"]
    if abs(kept((crop[2], crop[3]), size) - 1) > 0.02 and min(crop[2:]) > 200:
        return f"the crop of {crop[2]}x{crop[3]} would be distorted"
    return None


def main():
    program, *folders = sys.argv[1:]
    with tempfile.TemporaryDirectory() as temporary:
        if folders:
            files = sorted(path for path in pathlib.Path(folders[0]).iterdir() if path.suffix.lower() in (".jpg", ".jpeg", ".png", ".webp", ".heic"))
        else:
            files = [ROOT / "fixtures/images/lighthouse.jpg"]
            for width, height in SIZES:
                files.append(pathlib.Path(temporary) / f"{width}x{height}.png")
                files[-1].write_bytes(png(width, height))
        if not files:
            sys.exit(f"there are no images in {folders[0]}")
        problems, count, worst = [], 0, (0, "")
        for model in MODELS:
            command = [program, "plan", "--json", "--model", model["id"], *map(str, files)]
            result = subprocess.run(command, capture_output=True, text=True)
            if result.returncode != 0:
                sys.exit(f"{model['id']}: {result.stderr}")
            plans = [json.loads(line) for line in result.stdout.splitlines()]
            if len(plans) != len(files):
                sys.exit(f"{model['id']}: {len(plans)} plans for {len(files)} images")
            for plan in plans:
                count += 1
                name = pathlib.Path(plan["file"]).name
                shown = f"{model['id']}: {name} -> {plan['width']}x{plan['height']}"
                found = problem(model, plan)
                if found:
                    problems.append(f"{shown}: {found}")
                if model["sizes"] is not None:
                    worst = max(worst, (plan["cropped_share"], shown))
    for line in problems:
        print(line)
    print(f"{count} plans, {len(MODELS)} models, {len(files)} images: {len(problems)} are wrong")
    print(f"the largest loss is {worst[0]:.1%}, of {worst[1]}")
    if problems:
        sys.exit(1)


main()
