"""Writes image files of unusual kinds, prepares them with the command and compares with the expected pixels.

usage: image_files.py IMGPOST [FOLDER]

IMGPOST is the command. The files, and a contact sheet of what came out of them, stay in FOLDER if it is given. Beside
each condition stands the public report of it; files are written by hand or by Pillow and pillow-heif.
"""

import io
import itertools
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

sys.path.insert(0, str(Path(__file__).parents[2] / "fixtures"))
sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
import compare_with_pillow
import heic
import icc
import tiff

RED, GREEN, BLUE, YELLOW = (220, 30, 30), (30, 180, 30), (30, 30, 220), (230, 220, 40)
REFUSED = 3
LONGEST_ERROR = 300


@dataclass
class Case:
    """A file and what must come out of it: pixels with a tolerance, or an error that contains some words."""

    name: str
    data: bytes
    expected: np.ndarray | str
    report: str = ""
    tolerance: float = 1
    mean: float | None = None
    most_delta_e: float | None = None
    least_decibels: float | None = None


def quadrants(width: int = 48, height: int = 32) -> np.ndarray:
    image = np.zeros((height, width, 3), np.uint8)
    image[: height // 2, : width // 2] = RED
    image[: height // 2, width // 2 :] = GREEN
    image[height // 2 :, : width // 2] = BLUE
    image[height // 2 :, width // 2 :] = YELLOW
    return image


def with_alpha(image: np.ndarray, alpha: int) -> np.ndarray:
    return np.dstack([image, np.full(image.shape[:2], alpha, np.uint8)])


def encoded(image: np.ndarray, format: str, **options) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, format, **options)
    return file.getvalue()


# EXIF


def entry(kind: int, value: int, tag: int = 0x0112) -> bytes:
    formats = {1: "<HHIBxxx", 3: "<HHIHxx", 4: "<HHII"}
    return struct.pack(formats[kind], tag, kind, 1, value)


def exif(*entries: bytes) -> bytes:
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + b"".join(entries) + bytes(4)


PREFIX = b"Exif\0\0"
ORIENTED = {1: None, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270, 3: Image.Transpose.ROTATE_180}


def stored(value: int) -> np.ndarray:
    """The quadrants as a camera that was turned stores them."""
    image = Image.fromarray(quadrants())
    return np.asarray(image.transpose(ORIENTED[value]) if ORIENTED[value] is not None else image)


def jpeg_with(blocks: list[bytes]) -> bytes:
    data = encoded(stored(6), "JPEG", quality=98, subsampling=0)
    segments = b"".join(b"\xff\xe1" + struct.pack(">H", 2 + len(block)) + block for block in blocks)
    return data[:2] + segments + data[2:]


def png_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    chunks, at = [], 8
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        chunks.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    return chunks


def png(chunks: list[tuple[bytes, bytes]]) -> bytes:
    file = b"\x89PNG\r\n\x1a\n"
    for kind, data in chunks:
        file += struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return file


def png_with(image: np.ndarray, *extra: tuple[bytes, bytes]) -> bytes:
    chunks = png_chunks(encoded(image, "PNG"))
    return png([chunks[0], *extra, *chunks[1:]])


def webp(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"WEBP"
    for kind, data in chunks:
        body += kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def webp_chunk(image: np.ndarray) -> tuple[bytes, bytes]:
    data = encoded(image, "WEBP", lossless=True)
    (length,) = struct.unpack_from("<I", data, 16)
    return data[12:16], data[20 : 20 + length]


def canvas(image: np.ndarray, flags: int) -> tuple[bytes, bytes]:
    height, width = image.shape[:2]
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"VP8X", bytes([flags, 0, 0, 0]) + size


def orientations() -> list[Case]:
    upright, side = quadrants(), stored(6)
    blocks = {
        "prefix": (PREFIX + exif(entry(3, 6)), "drewnoakes/metadata-extractor#473, python-pillow/Pillow#6580"),
        "plain": (exif(entry(3, 6)), "libexif/libexif#58"),
        "long": (exif(entry(4, 6)), ""),
        "byte": (exif(entry(1, 6)), ""),
        "broken neighbor": (exif(b"\x0f\x01\x63\0" + b"\xff" * 8, entry(3, 6)), ""),
        "directory that is cut": (exif(entry(3, 6))[:-4].replace(b"\x08\0\0\0\x01\0", b"\x08\0\0\0\x09\0"), ""),
    }
    cases = []
    for name, (block, report) in blocks.items():
        prefixed = block if block.startswith(PREFIX) else PREFIX + block
        cases += [
            Case(f"jpeg exif {name}", jpeg_with([prefixed]), upright, report, tolerance=60, mean=3),
            Case(f"png exif {name}", png_with(side, (b"eXIf", block)), upright, report),
            Case(f"webp exif {name}", webp(canvas(side, 8), webp_chunk(side), (b"EXIF", block)), upright, report),
        ]
    first, second = exif(entry(3, 6)), exif(entry(3, 1))
    cases += [
        Case("jpeg two exif", jpeg_with([PREFIX + first, PREFIX + second]), upright, "python-pillow/Pillow#2946", 60, 3),
        Case("jpeg broken exif first", jpeg_with([PREFIX + b"broken", PREFIX + first]), upright, "", 60, 3),
        Case("webp two exif", webp(canvas(side, 8), webp_chunk(side), (b"EXIF", first), (b"EXIF", second)), upright),
        Case("png exif after pixels", png([*png_chunks(encoded(side, "PNG"))[:-1], (b"eXIf", first), (b"IEND", b"")]), side, "w3c/png#310"),
        Case("tiff orientation 6", tiff.tiff(side, orientation=6), upright),
    ]
    return cases


# WebP, PNG, GIF and BMP


def webps() -> list[Case]:
    image = quadrants()
    chunk = webp_chunk(image)
    simple = webp(canvas(image, 0), chunk, (b"XMP ", b"<x:xmpmeta/>"))
    return [
        *(
            Case(f"webp flags {flags:#x} without chunks", webp(canvas(image, flags), chunk), image, "image-rs/image-webp#143")
            for flags in (4, 8, 0x0C, 0x20, 0x2C)
        ),
        Case("webp exif chunk that is cut", webp(canvas(image, 8), chunk, (b"EXIF", exif(entry(3, 1))))[:-9], image, "SixLabors/ImageSharp#3010"),
        Case("webp metadata without flags", simple, image),
        Case("webp image that is cut", webp(chunk)[:-20], "the WebP data is truncated or damaged"),
    ]


def tagged_gray(depth: int) -> bytes:
    """One row of all grays of `depth` bits; the greatest is transparent, its key with upper bits set."""
    count = 1 << depth
    bits = "".join(f"{value:0{depth}b}" for value in range(count))
    row = int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")
    header = struct.pack(">IIBBBBB", count, 1, depth, 0, 0, 0, 0)
    return png([(b"IHDR", header), (b"tRNS", b"\xab\xff"), (b"IDAT", zlib.compress(b"\0" + row)), (b"IEND", b"")])


def pngs() -> list[Case]:
    image = quadrants()
    cases = []
    for depth in (1, 2, 4):
        count = 1 << depth
        gray = np.array([value * 255 // (count - 1) for value in range(count)], np.uint8)
        alpha = np.array([255] * (count - 1) + [0], np.uint8)
        expected = np.stack([gray, gray, gray, alpha], axis=-1)[None]
        cases.append(Case(f"png {depth}-bit gray with a key of 16 bits", tagged_gray(depth), expected, "Pillow's Tests/images/1_trns.png"))
    end = encoded(image, "PNG")[:-12]
    bomb = zlib.compress(bytes(1 << 28), 9)
    profile = b"name\0\0" + bomb
    adobe = [31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000]
    chrm = (b"cHRM", struct.pack(">8I", *adobe))
    gamma = (b"gAMA", struct.pack(">I", 45455))
    cases += [
        Case("png without its end", end, image, "drewnoakes/metadata-extractor#499"),
        Case("png without its last pixels", end[:-30], "the PNG data is truncated or damaged"),
        Case("png profile of 256 MB", png_with(image, (b"iCCP", profile)), image, "pnggroup/libpng#129, image-rs/image-png#285"),
        Case("png chromaticities", png_with(image, gamma, chrm), from_adobe(image), "AOMediaCodec/libavif#1139", 3),
        Case("png chromaticities overruled", png_with(image, (b"sRGB", b"\0"), gamma, chrm), image),
        Case("png chromaticities alone", png_with(image, chrm), image),
    ]
    return cases


def from_adobe(image: np.ndarray) -> np.ndarray:
    """From the primaries of Adobe RGB to those of sRGB, with the curve of sRGB (Adobe RGB (1998), annex C; CIE 15)."""
    adobe = np.array([[0.57667, 0.18556, 0.18823], [0.29734, 0.62736, 0.07529], [0.02703, 0.07069, 0.99134]])
    srgb = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    value = image / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    linear = np.clip(linear @ adobe.T @ np.linalg.inv(srgb).T, 0, 1)
    curved = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.round(curved * 255).astype(np.uint8)


def gif(screen: tuple[int, int], left: int, top: int, image: np.ndarray) -> bytes:
    """One frame of the four colors, in codes of three bits that are cleared so often that they stay so short."""
    colors = [RED, GREEN, BLUE, YELLOW]
    indices = [colors.index(tuple(int(n) for n in pixel)) for pixel in image.reshape(-1, 3)]
    codes = [4]
    for number, index in enumerate(indices):
        if number and number % 2 == 0:
            codes.append(4)
        codes.append(index)
    codes.append(5)
    bits = "".join(f"{code:03b}"[::-1] for code in codes)
    data = bytes(int(bits[at : at + 8][::-1], 2) for at in range(0, len(bits), 8))
    blocks = b"".join(bytes([len(data[at : at + 255])]) + data[at : at + 255] for at in range(0, len(data), 255))
    palette = b"".join(bytes(color) for color in colors)
    height, width = image.shape[:2]
    frame = b"," + struct.pack("<HHHHB", left, top, width, height, 0) + b"\x02" + blocks + b"\0;"
    return b"GIF89a" + struct.pack("<HHBBB", *screen, 0x81, 0, 0) + palette + frame


def gifs() -> list[Case]:
    image = quadrants(12, 8)
    moved = np.zeros((11, 16, 4), np.uint8)
    moved[3:, 4:] = with_alpha(image, 255)
    report = "libvips/libvips#1701"
    return [
        Case("gif", gif((12, 8), 0, 0, image), image),
        Case("gif frame larger than its screen", gif((5, 4), 0, 0, image), image, report),
        Case("gif frame wider than its screen", gif((5, 8), 0, 0, image), image, report),
        Case("gif frame beyond its screen", gif((12, 8), 4, 3, image), moved, report),
        Case("gif that is cut", gif((12, 8), 0, 0, image)[:-30], "the GIF data is truncated or damaged"),
    ]


def bmp(image: np.ndarray, header_size: int, compression: int, alpha_mask: int = 0xFF000000) -> bytes:
    """`image` is red, green, blue and alpha."""
    height, width = image.shape[:2]
    pixels = image[::-1, :, [2, 1, 0, 3]].tobytes()
    header = struct.pack("<IiiHHIIiiII", header_size, width, height, 1, 32, compression, len(pixels), 2835, 2835, 0, 0)
    header += struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, alpha_mask)
    header = header.ljust(header_size, b"\0")[:header_size]
    masks = struct.pack("<3I", 0xFF0000, 0xFF00, 0xFF) if header_size == 40 and compression == 3 else b""
    offset = 14 + header_size + len(masks)
    return b"BM" + struct.pack("<IHHI", offset + len(pixels), 0, 0, offset) + header + masks + pixels


def bmps() -> list[Case]:
    image = quadrants(12, 8)
    half, none = with_alpha(image, 128), with_alpha(image, 0)
    cases = []
    for header_size in (56, 108, 124):
        for compression in (0, 3):
            name = f"bmp header {header_size} compression {compression}"
            cases += [
                Case(f"{name} alpha", bmp(half, header_size, compression), half, "image-rs/image#2932"),
                Case(f"{name} alpha of zero", bmp(none, header_size, compression), image, "image-rs/image#539"),
                Case(f"{name} without mask", bmp(half, header_size, compression, 0), image),
            ]
    return [*cases, Case("bmp header 40 alpha", bmp(half, 40, 0), image, "SixLabors/ImageSharp#732")]


# TIFF


def tiffs() -> list[Case]:
    image = quadrants(41, 27)
    cases = []
    compressions = {"none": 1, "lzw": 5, "deflate": 8, "old deflate": 32946, "packbits": 32773}
    layouts = {"strips": {"rows": 8}, "one strip": {}, "tiles": {"tile": 16}}
    kinds = {
        "rgb": dict(),
        "rgb 16": dict(bits=16),
        "rgb float": dict(bits=32, floats=True),
        "rgb and unspecified": dict(extra=[0]),
        "rgb and nothing announced": dict(extra=[0], announced=[]),
        "rgb and two": dict(extra=[0, 0]),
        "rgb and alpha": dict(extra=[2]),
        "rgb 16 and alpha": dict(extra=[2], bits=16),
        "rgb and associated alpha": dict(extra=[1]),
        "rgb and unspecified and alpha": dict(extra=[0, 2]),
    }
    for (kind, options), (layout, chunks), (compression, number) in itertools.product(kinds.items(), layouts.items(), compressions.items()):
        predictors = [1]
        if number in (5, 8):
            predictors = [2, 3] if options.get("floats") else [2]
        for predictor, planar, order in itertools.product(predictors, (False, True), "<>"):
            if (planar, order) == (True, ">") and compression != "lzw":
                continue
            samples, expected = tiff_samples(image, options)
            data = tiff.tiff(samples, compression=number, predictor=predictor, planar=planar, order=order, **chunks, **tiff_options(options))
            name = f"tiff {kind}, {layout}, {compression}, predictor {predictor}, planar {planar}, {order}"
            tolerance = 3 if options.get("extra") == [1] else 1
            cases.append(Case(name, data, expected, "image-rs/image-tiff#403, image-rs/image-tiff#390, image-rs/image#1743", tolerance))
    return cases + gray_tiffs() + other_tiffs()


def tiff_samples(image: np.ndarray, options: dict) -> tuple[np.ndarray, np.ndarray]:
    extra, samples, expected = options.get("extra", []), image.astype(float), image
    for kind in extra:
        channel = np.full(image.shape[:2], 128 if kind else 77, float)
        if kind == 1:
            samples[..., :3] *= 128 / 255
        if kind:
            expected = with_alpha(image, 128)
        samples = np.dstack([samples, channel])
    bits = options.get("bits", 8)
    scale = 1 / 255 if options.get("floats") else 257 if bits == 16 else 1
    samples = samples * scale
    return (samples if options.get("floats") else np.round(samples).astype(int)), expected


def tiff_options(options: dict) -> dict:
    options = dict(options)
    extra = options.pop("extra", None)
    announced = options.pop("announced", extra)
    return {**options, "extra_samples": announced}


def gray_tiffs() -> list[Case]:
    cases = []
    for bits in (1, 2, 4, 8, 16):
        top = (1 << bits) - 1
        gray = (np.arange(45 * 23).reshape(23, 45) * (61 if bits == 16 else 7) * 7 // 5) % (top + 1)
        eight = np.round(gray * 255 / top).astype(np.uint8)
        for photometric, fill, tile in itertools.product((0, 1), (1, 2), (None, 16)):
            for compression in (1, 5, 8, 32773):
                data = tiff.tiff(gray[..., None], bits=bits, photometric=photometric, fill=fill, tile=tile, compression=compression, rows=9)
                name = f"tiff gray {bits}, photometric {photometric}, fill {fill}, tile {tile}, compression {compression}"
                expected = eight if photometric else 255 - eight
                cases.append(Case(name, data, np.dstack([expected] * 3), "ome/bioformats#2936, python-pillow/Pillow#1789"))
    for bits in (1, 2, 4, 8):
        count = 1 << bits
        colors = (np.arange(3 * count).reshape(count, 3) * 83 + 20) % 256
        indices = np.arange(45 * 23).reshape(23, 45) % count
        expected = colors[indices].astype(np.uint8)
        for scale, tile, fill in itertools.product((1, 256, 257), (None, 16), (1, 2)):
            data = tiff.tiff(indices[..., None], bits=bits, photometric=3, palette=colors * scale, tile=tile, fill=fill, compression=32773)
            cases.append(Case(f"tiff palette {bits}, times {scale}, tile {tile}, fill {fill}", data, expected, "SixLabors/ImageSharp#3182"))
    for extra, alpha in ((2, 128), (1, 128)):
        gray = np.full((23, 45), 200)
        value = np.round(gray * (alpha / 255 if extra == 1 else 1)).astype(int)
        samples = np.dstack([value, np.full(gray.shape, alpha)])
        data = tiff.tiff(samples, photometric=1, extra_samples=[extra])
        expected = np.dstack([gray, gray, gray, np.full(gray.shape, alpha)]).astype(np.uint8)
        cases.append(Case(f"tiff gray and alpha {extra}", data, expected, "image-rs/image#1743", 2))
    return cases


def other_tiffs() -> list[Case]:
    image = quadrants(41, 27)
    bilevel = (np.arange(41 * 27).reshape(27, 41) // 5) % 2 * 255
    black_and_white = Image.fromarray(bilevel.astype(np.uint8)).convert("1")
    fax = io.BytesIO()
    black_and_white.save(fax, "TIFF", compression="group4")
    old_fax = io.BytesIO()
    black_and_white.save(old_fax, "TIFF", compression="group3")
    jpeg = encoded(image, "TIFF", compression="jpeg", quality=98)
    gray_jpeg = encoded(image[..., 0], "TIFF", compression="jpeg", quality=98)
    cmyk = np.dstack([255 - image, np.zeros(image.shape[:2], np.uint8)])
    refused = {
        "BigTIFF": (tiff.big(), "BigTIFF is not supported"),
        "signed": (tiff.tiff(image.astype(int), sample_format=2), "TIFF with signed numbers is not supported"),
        "12 bits": (tiff.tiff(image.astype(int), claimed_bits=[12, 12, 12]), "12 bits per channel is not supported"),
        "mixed bits": (tiff.tiff(image.astype(int), claimed_bits=[8, 8, 16]), "channels of different depth is not supported"),
        "CIELab": (tiff.tiff(image.astype(int), photometric=8), "CIE L*a*b* is not supported"),
        "YCbCr": (tiff.tiff(image.astype(int), photometric=6), "YCbCr without JPEG compression is not supported"),
        "old JPEG": (tiff.tiff(image.astype(int), claimed_compression=6), "old JPEG compression is not supported"),
        "Zstandard": (tiff.tiff(image.astype(int), claimed_compression=50000), "Zstandard compression is not supported"),
        "group 3": (old_fax.getvalue(), "Group 3 fax compression is not supported"),
        "long message": (tiff.tiff(image.astype(int), claimed_bits=[8] * 30000 + [9]), "is not supported"),
        "cut": (tiff.tiff(image.astype(int))[:-500], "the TIFF data is truncated or damaged"),
        "huge tile": (tiff.tiff(image.astype(int), claimed_tile=1 << 30), "memory"),
        "huge strip count": (tiff.tiff(image.astype(int), claimed_offsets=0xFFFFFFFF), "more than the file holds"),
    }
    return [
        Case("tiff fax", fax.getvalue(), np.dstack([bilevel.astype(np.uint8)] * 3)),
        Case("tiff jpeg", jpeg, image, "", 60, 4),
        Case("tiff gray jpeg", gray_jpeg, np.dstack([image[..., 0]] * 3), "", 30, 3),
        Case("tiff cmyk without profile", tiff.tiff(cmyk.astype(int), photometric=5), image, "", 2),
        *(Case(f"tiff {name}", data, words) for name, (data, words) in refused.items()),
    ]


# CMYK


def press_profiles() -> dict[str, bytes]:
    """Our own, and those of Debian's packages libgs-common and icc-profiles-free if they are installed."""
    profiles = {"our own press": icc.press("Press")}
    for path in sorted(Path("/usr/share/color/icc").rglob("*.icc")):
        data = path.read_bytes()
        if data[16:20] == b"CMYK" and data not in profiles.values():
            profiles[path.name] = data
    return profiles


def cmyks() -> list[Case]:
    steps = np.linspace(0, 255, 6).round().astype(np.uint8)
    inks = np.array(list(itertools.product(steps, repeat=4)), np.uint8).reshape(36, 36, 4)
    srgb = ImageCms.createProfile("sRGB")
    cases = []
    for name, profile in press_profiles().items():
        flags = ImageCms.Flags.BLACKPOINTCOMPENSATION
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        # Without a way back from colors to inks, LittleCMS finds the black point for the other intent only.
        way_back = b"B2A0" in profile[:1000]
        intent = ImageCms.Intent.RELATIVE_COLORIMETRIC if way_back else ImageCms.Intent.PERCEPTUAL
        expected = ImageCms.profileToProfile(Image.fromarray(inks, "CMYK"), source, srgb, intent, "RGB", flags=flags)
        data = tiff.tiff(inks.astype(int), photometric=5, icc=profile)
        cases.append(Case(f"cmyk by {name}", data, np.asarray(expected), "lovell/sharp#321, nomacs/nomacs#204", 40, most_delta_e=1))
    return cases


# HEIC


def heics() -> list[Case]:
    smooth = heic.smooth(96, 64)
    plain, expected = heic.written(smooth)
    p3 = icc.rgb("Display P3", icc.DISPLAY_P3, icc.srgb_curve())
    with_profile, stored_colors = heic.written(smooth, icc_profile=p3)
    source, srgb = ImageCms.ImageCmsProfile(io.BytesIO(p3)), ImageCms.createProfile("sRGB")
    converted = np.asarray(ImageCms.profileToProfile(Image.fromarray(stored_colors), source, srgb))
    # pillow-heif turns the orientation into a property of the container, and keeps the block.
    beside, turned = heic.written(smooth, exif=exif(entry(3, 6)))
    gridded, of_grid = heic.grid(smooth, 64)
    images = {
        "4:2:0": (plain, expected),
        "alpha": heic.written(heic.transparent(96, 64)),
        "10 bit": heic.written_with_10_bits(96, 64),
        "profile": (with_profile, converted),
        "exif beside its container": (beside, turned),
        "grid": (gridded, of_grid),
        "turned grid": (heic.with_properties(gridded, [heic.box(b"irot", b"\1")]), np.rot90(of_grid)),
    }
    for name, properties, turned in heic.transformations():
        images[name] = heic.with_properties(plain, properties), turned(expected)
    cases = [Case(f"heic {name}", data, pixels, tolerance=255, least_decibels=45) for name, (data, pixels) in images.items()]
    avif = encoded(np.asarray(smooth), "AVIF")
    return [
        *cases,
        Case("heic that is cut", plain[:-40], "the HEIC data is truncated or damaged"),
        Case("heic without its pixels", plain[: plain.index(b"mdat") + 4], "the HEIC data is truncated or damaged"),
        Case("avif", avif, "AVIF is not supported; export it as JPEG or PNG"),
    ]


# The command


def check(imgpost: str, folder: Path, number: int, case: Case) -> tuple[str | None, np.ndarray | None]:
    """What is wrong, and what came out."""
    path, out = folder / f"{number:04}", folder / f"{number:04}.png"
    path.write_bytes(case.data)
    size = "64x64" if isinstance(case.expected, str) else "{1}x{0}".format(*case.expected.shape)
    command = [imgpost, "prepare", path, "-o", out, "--size", size, "--ext", "png"]
    done = subprocess.run(command, capture_output=True, text=True)
    message = done.stderr.strip()
    if done.returncode == REFUSED:
        lines, length = len(message.splitlines()), len(message.replace(str(path), ""))
        if lines != 1 or length > LONGEST_ERROR:
            return f"{length} characters in {lines} lines: {message[:400]}", None
        if isinstance(case.expected, str) and case.expected in message:
            return None, None
        return f"refused: {message}", None
    if done.returncode != 0:
        return f"exit code {done.returncode}: {message[-300:]}", None
    found = np.asarray(Image.open(out).convert("RGBA")).astype(int)
    if isinstance(case.expected, str):
        return f"read instead of refused with: {case.expected}", found
    expected = case.expected if case.expected.shape[2] == 4 else with_alpha(case.expected, 255)
    if found.shape != expected.shape:
        return f"the size is {found.shape}", found
    difference = np.abs(found - expected.astype(int))
    # The color of a transparent pixel does not matter.
    difference[..., :3][expected[..., 3] == 0] = 0
    if case.most_delta_e is not None:
        delta_e = compare_with_pillow.delta_e_2000(*(compare_with_pillow.lab(Image.fromarray(image[..., :3].astype(np.uint8))) for image in (found, expected)))
        print(f"{case.name}: ΔE2000 {delta_e.mean():.2f} on average, {delta_e.max():.2f} at most")
        if delta_e.mean() > case.most_delta_e:
            return f"ΔE2000 is {delta_e.mean():.2f} on average", found
    if case.least_decibels is not None:
        images = (Image.fromarray(image.astype(np.uint8)) for image in (found, expected))
        decibels = compare_with_pillow.psnr(*images)
        print(f"{case.name}: {decibels:.1f} dB")
        if decibels < case.least_decibels:
            return f"only {decibels:.1f} dB", found
    worst, mean = difference.max(), difference.mean()
    if worst > case.tolerance or (case.mean is not None and mean > case.mean):
        return f"differs by up to {worst}, {mean:.2f} on average", found
    return None, found


def contact_sheet(pixels: list[np.ndarray]) -> Image.Image:
    side, across = 52, 32
    sheet = Image.new("RGBA", (side * across, side * -(-len(pixels) // across)), (128, 128, 128, 255))
    for number, image in enumerate(pixels):
        thumbnail = Image.fromarray(image.astype(np.uint8))
        thumbnail.thumbnail((48, 48))
        sheet.alpha_composite(thumbnail, (number % across * side + 2, number // across * side + 2))
    return sheet


def main(imgpost: str, folder: Path) -> None:
    started = time.monotonic()
    cases = [*orientations(), *webps(), *pngs(), *gifs(), *bmps(), *tiffs(), *cmyks(), *heics()]
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda numbered: check(imgpost, folder, *numbered), enumerate(cases)))
    failures = [(number, case, wrong) for number, (case, (wrong, _)) in enumerate(zip(cases, results)) if wrong]
    for number, case, wrong in failures:
        print(f"{number:04} {case.name} ({case.report or 'no report'}): {wrong}")
    contact_sheet([pixels for _, pixels in results if pixels is not None]).save(folder / "contact-sheet.png")
    refused = sum(isinstance(case.expected, str) for case in cases)
    if failures:
        sys.exit(f"{len(failures)} of {len(cases)} files are wrong")
    print(f"{len(cases)} files come out right, {refused} of them refused, in {time.monotonic() - started:.0f} s")


if len(sys.argv) not in (2, 3):
    sys.exit(__doc__)
if len(sys.argv) == 3:
    Path(sys.argv[2]).mkdir(parents=True, exist_ok=True)
    main(sys.argv[1], Path(sys.argv[2]))
else:
    with tempfile.TemporaryDirectory() as folder:
        main(sys.argv[1], Path(folder))
