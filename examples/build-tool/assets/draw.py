#!/usr/bin/env python3
"""Draws the images in this folder. Needs nothing but Python."""

import struct
import zlib
from pathlib import Path

HERE = Path(__file__).parent
RGB, RGBA = 2, 6


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def write(name: str, width: int, height: int, color: int, pixel) -> None:
    """`pixel` gives the channels of a place."""
    rows = (b"\0" + bytes(c for x in range(width) for c in pixel(x, y)) for y in range(height))
    header = struct.pack(">2I5B", width, height, 8, color, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"".join(rows), 9)) + chunk(b"IEND", b"")
    (HERE / name).write_bytes(b"\x89PNG\r\n\x1a\n" + body)


def harbor(x: int, y: int):
    """A jetty in the evening: sky, sea, and planks to the middle."""
    if y > 130 and x < 100 + y // 2:
        return (92, 64, 44) if y // 10 % 2 else (110, 78, 54)
    if y > 110:
        return (24, 58, 92) if (x + y * 3) % 23 else (60, 96, 130)
    return (40 + y, 52 + y // 2, 110)


def buoy(x: int, y: int):
    """Red and white, on nothing."""
    inside = (x - 48) ** 2 + (y - 48) ** 2 < 44**2
    return ((200, 40, 36, 255) if y // 16 % 2 else (240, 236, 228, 255)) if inside else (0, 0, 0, 0)


def flag(x: int, y: int):
    """The signal of the letter P: a white square on blue."""
    return (250, 250, 250) if 32 <= x < 64 and 32 <= y < 64 else (20, 50, 140)


write("harbor.png", 320, 240, RGB, harbor)
write("buoy.png", 96, 96, RGBA, buoy)
(HERE / "flags").mkdir(exist_ok=True)
write("flags/papa.png", 96, 96, RGB, flag)
