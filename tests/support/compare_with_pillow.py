"""Prepares every fixture with imgpost and with Pillow (LittleCMS for profiles) and compares the images.

usage: compare_with_pillow.py IMGPOST, where IMGPOST is the command built with --all-features
"""

import io
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps

IMAGES = Path(__file__).parents[2] / "fixtures" / "images"
FIXTURES = 69
SRGB = ImageCms.createProfile("sRGB")
# Decibels of peak signal to noise. Of a lossy file the two decoders may differ by their rounding.
LEAST_SAME, LEAST_RESIZED = 38, 36
MOST_DELTA_E = 2.0


def by_pillow(path: Path) -> Image.Image:
    image = ImageOps.exif_transpose(Image.open(path))
    if image.mode.startswith("I;16"):
        # Pillow cuts off what does not fit into eight bits.
        return Image.fromarray(np.round(np.asarray(image) / 257).astype(np.uint8)).convert("RGBA")
    profile = image.info.get("icc_profile")
    if profile:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        # Perceptual, for which LittleCMS compensates the black point: that of all inks, if a profile has no way back.
        image = ImageCms.profileToProfile(image, source, SRGB, outputMode="RGB")
    return image.convert("RGBA")


def by_imgpost(imgpost: str, path: Path, size: tuple[int, int]) -> Image.Image:
    with tempfile.TemporaryDirectory() as folder:
        # Both are lossless; the other format than the file's own, so that it cannot go through untouched.
        extension = "webp" if path.suffix == ".png" else "png"
        out = Path(folder) / "out"
        command = [imgpost, "prepare", path, "-o", out, "--size", "{}x{}".format(*size), "--ext", extension, "--quality", "100"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return Image.open(out).convert("RGBA")


def premultiplied(image: Image.Image) -> np.ndarray:
    """Ignores the color of transparent pixels."""
    pixels = np.asarray(image).astype(float)
    alpha = pixels[..., 3:]
    return np.concatenate([pixels[..., :3] * alpha / 255, alpha], axis=-1)


def psnr(a: Image.Image, b: Image.Image) -> float:
    mean = np.mean((premultiplied(a) - premultiplied(b)) ** 2)
    return 10 * np.log10(255**2 / max(mean, 1e-9))


def lab(image: Image.Image) -> np.ndarray:
    """CIE 1976 L*a*b* under D65 (IEC 61966-2-1, CIE 15)."""
    encoded = np.asarray(image.convert("RGB")) / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    ratios = linear @ np.transpose(to_xyz) / [0.9505, 1.0, 1.089]
    f = np.where(ratios > (6 / 29) ** 3, np.cbrt(ratios), ratios / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = np.moveaxis(f, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def delta_e_2000(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """ISO/CIE 11664-6."""
    (l1, a1, b1), (l2, a2, b2) = np.moveaxis(one, -1, 0), np.moveaxis(two, -1, 0)
    mean_c7 = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    g = 0.5 * (1 - np.sqrt(mean_c7 / (mean_c7 + 25.0**7)))
    a1, a2 = a1 * (1 + g), a2 * (1 + g)
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.degrees(np.arctan2(b1, a1)) % 360, np.degrees(np.arctan2(b2, a2)) % 360
    gray = c1 * c2 == 0
    turn = (h2 - h1 + 180) % 360 - 180
    dl, dc = l2 - l1, c2 - c1
    dh = np.where(gray, 0, 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2)))
    l, c = (l1 + l2) / 2, (c1 + c2) / 2
    h = np.where(gray, h1 + h2, (h1 + turn / 2) % 360)
    t = 1 - 0.17 * np.cos(np.radians(h - 30)) + 0.24 * np.cos(np.radians(2 * h))
    t += 0.32 * np.cos(np.radians(3 * h + 6)) - 0.2 * np.cos(np.radians(4 * h - 63))
    sl = 1 + 0.015 * (l - 50) ** 2 / np.sqrt(20 + (l - 50) ** 2)
    sc, sh = 1 + 0.045 * c, 1 + 0.015 * c * t
    rc = 2 * np.sqrt(c**7 / (c**7 + 25.0**7))
    rt = -rc * np.sin(np.radians(60 * np.exp(-(((h - 275) / 25) ** 2))))
    parts = dl / sl, dc / sc, dh / sh
    return np.sqrt(parts[0] ** 2 + parts[1] ** 2 + parts[2] ** 2 + rt * parts[1] * parts[2])


def check_delta_e() -> None:
    """The first pairs of the test data that Sharma, Wu and Dalal publish with their notes on the formula."""
    one = np.array([[50, 2.6772, -79.7751], [50, 3.1571, -77.2803], [50, 0, 0]])
    two = np.array([[50, 0, -82.7485], [50, 0, -82.7485], [50, -1, 2]])
    assert np.allclose(delta_e_2000(one, two), [2.0425, 2.8615, 2.3669], atol=5e-5)


def main(imgpost: str) -> None:
    check_delta_e()
    failures, profiles = [], 0
    files = sorted(IMAGES.iterdir())
    assert len(files) == FIXTURES, f"{len(files)} fixtures instead of {FIXTURES}"
    for path in files:
        # Pillow ignores a PNG's gamma, so the expected image is the source of the fixture.
        pillow = by_pillow(IMAGES / "orientation-1.png" if path.name == "gamma-linear.png" else path)
        ours = by_imgpost(imgpost, path, pillow.size)
        same = psnr(ours, pillow)
        small = (pillow.width // 2, pillow.height // 2)
        resized = psnr(by_imgpost(imgpost, path, small), pillow.resize(small, Image.Resampling.LANCZOS))
        report = f"{path.name}: {same:.1f} dB, resized {resized:.1f} dB"
        good = same >= LEAST_SAME and resized >= LEAST_RESIZED
        if path.name == "gamma-linear.png":
            # Eight bits of linear light leave few steps for the dark.
            good = same >= 37 and resized >= 33
        if Image.open(path).info.get("icc_profile"):
            profiles += 1
            delta = float(np.mean(delta_e_2000(lab(ours), lab(pillow))))
            report += f", ΔE2000 {delta:.2f}"
            # What is clipped at the edge of sRGB is measured by what it looks like.
            good = delta <= MOST_DELTA_E and resized >= 30
        print(report if good else f"{report}  <-- differs")
        if not good:
            failures.append(path.name)
    assert profiles == 8, f"{profiles} fixtures with a profile"
    if failures:
        sys.exit(f"differ from Pillow: {', '.join(failures)}")
    print(f"{len(files)} fixtures are what Pillow makes of them")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
