#!/usr/bin/env python3
"""Writes JPEG files of every shape into a folder, with what libjpeg-turbo decodes from them. Needs Pillow.

    python tests/ci/jpeg_matrix.py FOLDER
    IMGPOST_JPEG_MATRIX=FOLDER cargo test --lib jpeg::tests::matrix -- --ignored

NAME.jpg comes with NAME.N.raw, the pixels at 1/N of the size, and NAME.y.raw, the luma samples. The first byte is the
greatest difference allowed, the second the number of channels.
"""

import io
import itertools
import random
import struct
import sys
from pathlib import Path

from PIL import Image

FOLDER = Path(sys.argv[1])
SIZES = [(1, 1), (7, 17), (16, 16), (33, 8), (50, 35), (131, 67)]
# libjpeg transforms with integers: each component differs by 1 at most, and RGB that is made of YCbCr by 3.
LUMA, RGB = 1, 3


def image(size, is_smooth=False):
    """Gradients, with noise and edges unless it is smooth."""
    width, height = size
    random.seed(width * 1000 + height)
    pixels = bytearray()
    for y, x in itertools.product(range(height), range(width)):
        pixel = [x * 255 // width, y * 255 // height, (x + y) * 255 // (width + height)]
        if not is_smooth:
            step = 90 if (x // 9 + y // 7) % 3 == 0 else 0
            pixel = [(value + step + random.randrange(40)) % 256 for value in pixel]
        pixels += bytes(pixel)
    return Image.frombytes("RGB", size, bytes(pixels))


def encode(source, **options):
    out = io.BytesIO()
    source.save(out, "JPEG", **options)
    return out.getvalue()


def write(name, jpeg, by=(1,), tolerance=RGB, luma=True):
    (FOLDER / f"{name}.jpg").write_bytes(jpeg)
    for divisor in by:
        decoded = Image.open(io.BytesIO(jpeg))
        if min(decoded.size) < divisor:
            continue
        size = [-(-side // divisor) for side in decoded.size]
        if divisor > 1:
            decoded.draft(decoded.mode, [side // divisor for side in decoded.size])
        data = decoded.tobytes()
        assert list(decoded.size) == size, (name, decoded.size)
        head = bytes([tolerance, len(decoded.getbands())])
        (FOLDER / f"{name}.{divisor}.raw").write_bytes(head + data)
    decoded = Image.open(io.BytesIO(jpeg))
    if tolerance == RGB:
        decoded.draft("YCbCr", decoded.size)
    if luma and decoded.mode in ("YCbCr", "L"):
        samples = decoded.getchannel(0).tobytes()
        (FOLDER / f"{name}.y.raw").write_bytes(bytes([LUMA, 1]) + samples)


def segments(jpeg):
    """Marker and whole segment of each up to the scan, and the rest of the file behind the scan header."""
    found, at = [], 2
    while True:
        length = struct.unpack(">H", jpeg[at + 2 : at + 4])[0] + 2
        found.append((jpeg[at + 1], jpeg[at : at + length]))
        at += length
        if found[-1][0] == 0xDA:
            return found, jpeg[at:]


def without(jpeg, *markers):
    found, rest = segments(jpeg)
    return b"\xff\xd8" + b"".join(part for marker, part in found if marker not in markers) + rest


def with_ids(jpeg, ids):
    """Other component identifiers, in the frame and in the only scan."""
    found, rest = segments(jpeg)
    out = bytearray(b"\xff\xd8")
    for marker, part in found:
        part = bytearray(part)
        if marker in (0xC0, 0xDA):
            first, step = (10, 3) if marker == 0xC0 else (5, 2)
            for n, component in enumerate(ids):
                part[first + n * step] = component
        out += part
    return bytes(out) + rest


def in_front(jpeg, segment):
    return jpeg[:2] + segment + jpeg[2:]


def adobe(transform):
    return b"\xff\xee\0\x0eAdobe\0d\0\0\0\0" + bytes([transform])


def assembled(size, samplings):
    """A file of one scan for each component with any sampling, put together from gray files."""
    most = [max(sampling[axis] for sampling in samplings) for axis in (0, 1)]
    planes = image(size).convert("YCbCr").split()
    frame, scans, tables = b"", b"", b""
    for n, (plane, (across, down)) in enumerate(zip(planes, samplings)):
        own = (-(-size[0] * across // most[0]), -(-size[1] * down // most[1]))
        found, rest = segments(encode(plane.resize(own), quality=80, optimize=True))
        tables = b"".join(part for marker, part in found if marker in (0xE0, 0xDB))
        huffman = b"".join(part for marker, part in found if marker == 0xC4)
        frame += bytes([n + 1, across << 4 | down, 0])
        scans += huffman + b"\xff\xda\0\x08\x01" + bytes([n + 1, 0, 0, 63, 0]) + rest[:-2]
    head = struct.pack(">BHHB", 8, size[1], size[0], len(samplings)) + frame
    head = b"\xff\xc0" + struct.pack(">H", len(head) + 2) + head
    return b"\xff\xd8" + tables + head + scans + b"\xff\xd9"


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    restarts = [{}, {"restart_marker_blocks": 1}, {"restart_marker_blocks": 5}, {"restart_marker_rows": 1}]
    codings = [{}, {"optimize": True}, {"progressive": True}]
    for size, (r, restart), (c, coding) in itertools.product(SIZES, enumerate(restarts), enumerate(codings)):
        name = f"{size[0]}x{size[1]}-restart{r}-coding{c}"
        source = image(size)
        for subsampling in (0, 1, 2):
            jpeg = encode(source, quality=85, subsampling=subsampling, **restart, **coding)
            write(f"{name}-ycc{subsampling}", jpeg)
        write(f"{name}-rgb", encode(source, quality=92, keep_rgb=True, **restart, **coding), tolerance=1)
        write(f"{name}-gray", encode(source.convert("L"), quality=60, **restart, **coding), by=(1, 8), tolerance=1)
        write(f"{name}-cmyk", encode(source.convert("CMYK"), quality=75, **restart, **coding), tolerance=1)
    for size in SIZES:
        # libjpeg reduces otherwise, which only smooth images do not show.
        smooth = image(size, is_smooth=True).convert("L")
        name = f"{size[0]}x{size[1]}"
        write(f"{name}-smooth", encode(smooth, quality=95), by=(1, 2, 4, 8), tolerance=8)
        # libjpeg has no interpolation for some of these either.
        for n, samplings in enumerate([
            [(1, 2), (1, 1), (1, 1)],
            [(4, 1), (1, 1), (1, 1)],
            [(4, 2), (1, 1), (1, 1)],
            [(2, 4), (1, 2), (2, 1)],
            [(3, 1), (1, 1), (1, 1)],
            [(3, 3), (1, 1), (3, 1)],
            [(1, 1), (2, 2), (2, 1)],
        ]):
            write(f"{name}-assembled{n}", assembled(size, samplings), luma=samplings[0] != (1, 1))
        jpeg = encode(image(size), quality=90, subsampling=0)
        bare, rgb = without(jpeg, 0xE0), with_ids(jpeg, b"RGB")
        write(f"{name}-bare", bare)
        write(f"{name}-ids-rgb", with_ids(bare, b"RGB"), tolerance=1)
        write(f"{name}-ids-rgb-jfif", rgb)
        for transform in (0, 1, 7):
            write(f"{name}-adobe{transform}", in_front(bare, adobe(transform)), tolerance=RGB if transform else 1)
            write(f"{name}-adobe{transform}-jfif", in_front(jpeg, adobe(transform)))
        fill = bare.replace(b"\xff\xdb", b"\xff\xff\xff\xff\xdb").replace(b"\xff\xd9", b"\xff\xff\xd9")
        write(f"{name}-fill", fill)


main()
