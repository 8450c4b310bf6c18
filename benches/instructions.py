#!/usr/bin/env python3
"""Counts the instructions of whole processes of the command that prepare JPEGs, so that a regression shows on any machine.

usage: instructions.py [--write | FOLDER]

Without arguments, compares with benches/instructions.json: a tenth more fails. `--write` replaces the numbers there. The
JPEGs are drawn here. With a folder, prints the numbers of the JPEGs in it. Needs Linux on x86-64 with AVX2, valgrind,
numpy and Pillow: other versions of the last two draw other images.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).parents[1]
FIGURES = ROOT / "benches" / "instructions.json"
ROOM = 1.1


def photo(width: int, height: int) -> Image.Image:
    """Smooth areas, edges, texture and the grain of a sensor."""
    random = np.random.default_rng(width)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    light = 120 + 60 * np.sin(x / 700) * np.cos(y / 500)
    edges = 50 * ((x // 310 + y // 270) % 3 == 0)
    texture = 18 * np.sin(x / 3) * np.sin(y / 4) * (x > width / 2)
    channels = [light * tint + edges + texture for tint in (1.0, 0.9, 0.7)]
    grain = random.normal(0, 6, (height, width, 1)).astype(np.float32)
    return Image.fromarray(np.clip(np.stack(channels, axis=-1) + grain, 0, 255).astype(np.uint8))


def draw(folder: Path) -> None:
    photo(4608, 3456).save(folder / "baseline-16-megapixels.jpg", quality=93, subsampling="4:2:0")
    exif = Image.Exif()
    exif[0x0112] = 6
    photo(3264, 2448).save(folder / "on-its-side-4-2-2.jpg", quality=90, subsampling="4:2:2", exif=exif)
    photo(2400, 1600).save(folder / "progressive.jpg", quality=85, progressive=True)


def count(imgpost: Path, path: Path) -> int:
    """Instructions of the whole process."""
    with tempfile.TemporaryDirectory() as folder:
        options = ["--size", "1024x768", "--ext", "jpg", "--quality", "90"]
        callgrind = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out"]
        command = [*callgrind, imgpost, "prepare", path, "-o", f"{folder}/small.jpg", *options]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode:
            sys.exit(run.stderr)
    return int(re.search(r"Collected : (\d+)", run.stderr)[1])


def count_all(folder: Path) -> dict[str, int]:
    # Without optimization across crates, which takes minutes and makes no difference to the pixels' loops.
    separate = ["--config", "profile.release.lto=false", "--config", "profile.release.codegen-units=16"]
    build = ["cargo", "build", "--quiet", "--locked", "--release", "--features", "cli", "--bin", "imgpost", *separate]
    subprocess.run(build, cwd=ROOT, check=True)
    imgpost = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "imgpost"
    return {path.stem: count(imgpost, path) for path in sorted(folder.glob("*.jpg"))}


def main(arguments: list[str]) -> None:
    if arguments and arguments != ["--write"]:
        for name, instructions in count_all(Path(arguments[0])).items():
            print(f"{name}: {instructions / 1e6:.1f} million")
        return
    with tempfile.TemporaryDirectory() as folder:
        draw(Path(folder))
        found = count_all(Path(folder))
    if arguments:
        FIGURES.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    expected = json.loads(FIGURES.read_text(encoding="utf-8"))
    for name, instructions in found.items():
        print(f"{name}: {instructions / 1e6:.1f} million instructions, {instructions / expected[name]:.2f} of those committed")
    worse = [name for name, instructions in found.items() if instructions > ROOM * expected[name]]
    if worse:
        sys.exit(f"more than {ROOM} of the instructions committed: {', '.join(worse)}")


main(sys.argv[1:])
