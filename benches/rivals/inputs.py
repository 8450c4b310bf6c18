"""Makes images of a photo that are not photos of a camera: inputs.py PHOTO FOLDER. The size to make is in their names."""

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageOps

photo = ImageOps.exif_transpose(Image.open(sys.argv[1])).convert("RGB")
folder = Path(sys.argv[2])


def fit(width: int, height: int) -> Image.Image:
    return ImageOps.fit(photo, (width, height), Image.Resampling.LANCZOS)


fit(1600, 1200).save(folder / "baseline-1600-to-1024x768.jpg", quality=90)
fit(1024, 768).save(folder / "baseline-1024-to-512x512.jpg", quality=90)
photo.save(folder / "progressive-whole-to-1024x768.jpg", quality=90, progressive=True)
fit(2400, 1800).save(folder / "progressive-2400-to-1024x768.jpg", quality=85, progressive=True)
fit(3840, 2160).save(folder / "png-4k-to-1024x576.png", compress_level=6)

# A screenshot: flat areas, text, a photo, and rounded transparent corners with a shadow.
screen = Image.new("RGB", (2880, 1800), (245, 245, 247))
draw = ImageDraw.Draw(screen)
for line in range(60):
    draw.text((80, 100 + 26 * line), f"line {line}: " + "the text of a window " * 6, fill=(30, 30, 30), font_size=20)
screen.paste(fit(1200, 900), (1560, 300))
mask = Image.new("L", screen.size)
ImageDraw.Draw(mask).rounded_rectangle([60, 40, 2820, 1740], radius=40, fill=255)
shadow = np.linspace(0, 90, 1800).astype(np.uint8)[:, None].repeat(2880, axis=1)
screen.putalpha(Image.fromarray(np.maximum(np.asarray(mask), shadow)))
screen.save(folder / "png-screenshot-alpha-to-1024x640.png", compress_level=6)
