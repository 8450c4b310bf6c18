#!/usr/bin/env python3
"""Compares how the command and sharp reduce JPEGs with decoding them whole and resampling the pixels with Lanczos3.

usage: quality.py IMGPOST [FOLDER]

Prints dB of PSNR and SSIM, before encoding: of a zone plate, of text and of each photo of the folder at half its size and
at 1024 pixels of width. Needs numpy and Pillow, which makes the pixels to compare with, and for sharp
benches/rivals/install.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

ROOT = Path(__file__).parents[1]
SHARP = """
const [from, to, width, height] = process.argv.slice(1);
require('sharp')(from).rotate().resize(+width, +height, { fit: 'fill' }).png().toFile(to);
"""


def zone_plate(side: int) -> Image.Image:
    """Rings that become finer outwards, up to half of what the pixels can show."""
    y, x = np.mgrid[0:side, 0:side] - side / 2
    return Image.fromarray((127.5 + 127.5 * np.cos(np.pi * (x * x + y * y) / side / 2)).astype(np.uint8))


def text() -> Image.Image:
    image = Image.new("RGB", (1600, 1200), "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(size=22)
    for line in range(44):
        words = " ".join(f"line {line} word {word * 37 % 91}" for word in range(9))
        draw.text((20, 10 + 27 * line), words, fill=(20, 20, 40 + 4 * line), font=font)
    return image


def by_imgpost(imgpost: str, path: Path, size: tuple[int, int], out: Path) -> None:
    command = [imgpost, "prepare", path, "-o", out, "--size", "{}x{}".format(*size), "--fit", "fill", "--ext", "png"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def by_sharp(path: Path, size: tuple[int, int], out: Path) -> None:
    environment = {**os.environ, "NODE_PATH": str(ROOT / "target/rivals/node_modules")}
    subprocess.run(["node", "-e", SHARP, path, out, *map(str, size)], check=True, env=environment)


def lanczos(image: Image.Image, size: tuple[int, int]) -> np.ndarray:
    """The result to compare with, without the rounding to whole numbers between Pillow's two passes."""
    channels = [channel.convert("F").resize(size, Image.Resampling.LANCZOS) for channel in image.split()]
    return np.clip(np.stack([np.asarray(channel) for channel in channels], axis=-1), 0, 255)


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    return 10 * np.log10(255**2 / max(np.mean((a - b) ** 2), 1e-9))


def ssim(a: Image.Image, b: Image.Image) -> float:
    """Of luma, over squares of 7 by 7 pixels."""
    a, b = (np.asarray(image.convert("L")).astype(np.float32) for image in (a, b))

    def box(x: np.ndarray) -> np.ndarray:
        return sum(np.roll(x, (i, j), (0, 1)) for i in range(-3, 4) for j in range(-3, 4)) / 49

    mean_a, mean_b = box(a), box(b)
    variance_a, variance_b = box(a * a) - mean_a**2, box(b * b) - mean_b**2
    covariance = box(a * b) - mean_a * mean_b
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    values = (2 * mean_a * mean_b + c1) * (2 * covariance + c2) / ((mean_a**2 + mean_b**2 + c1) * (variance_a + variance_b + c2))
    return float(np.mean(values))


def compare(imgpost: str, name: str, path: Path, size: tuple[int, int], folder: Path) -> None:
    whole = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    expected = lanczos(whole, size)
    rounded = Image.fromarray(expected.round().astype(np.uint8))
    line = f"{name:32} {size[0]:5}x{size[1]:<5}"
    contenders = {"imgpost": lambda out: by_imgpost(imgpost, path, size, out)}
    if (ROOT / "target/rivals/node_modules/sharp").exists():
        contenders["sharp"] = lambda out: by_sharp(path, size, out)
    for contender, prepare in contenders.items():
        out = folder / f"{contender}.png"
        prepare(out)
        found = Image.open(out).convert("RGB")
        decibels = psnr(np.asarray(found).astype(float), expected)
        line += f"  {contender} {decibels:5.1f} dB {ssim(found, rounded):.4f}"
    print(line, flush=True)


def main(imgpost: str, photos: str | None = None) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        zone_plate(1600).save(folder / "zone.jpg", quality=95)
        compare(imgpost, "zone plate", folder / "zone.jpg", (400, 400), folder)
        text().save(folder / "text.jpg", quality=92)
        compare(imgpost, "text", folder / "text.jpg", (800, 600), folder)
        for path in sorted(Path(photos).glob("*.jpg")) if photos else []:
            width, height = ImageOps.exif_transpose(Image.open(path)).size
            for size in [(width // 2, height // 2), (1024, round(1024 * height / width))]:
                compare(imgpost, path.stem, path, size, folder)


if len(sys.argv) not in (2, 3):
    sys.exit(__doc__)
main(*sys.argv[1:])
