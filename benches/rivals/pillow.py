"""Prepares each image on standard input, "WIDTH HEIGHT PATH", with Pillow; prints the nanoseconds of processor time and the
bytes, or its peak memory."""

import io
import resource
import sys
import time

from PIL import Image, ImageOps

SIZE = (1024, 768)
SIDEWAYS = 5


def prepare(path: str, size: tuple[int, int] = SIZE) -> bytes:
    image = Image.open(path)
    on_its_side = image.getexif().get(0x0112, 1) >= SIDEWAYS
    image.draft("RGB", size[::-1] if on_its_side else size)
    upright = ImageOps.exif_transpose(image)
    if upright.mode == "RGBA":
        # The background is white, and transparent pixels count by their alpha.
        upright = ImageOps.fit(upright, size, Image.Resampling.LANCZOS)
        upright = Image.alpha_composite(Image.new("RGBA", size, "white"), upright)
    upright = upright.convert("RGB")
    jpeg = io.BytesIO()
    ImageOps.fit(upright, size, Image.Resampling.LANCZOS).save(jpeg, "JPEG", quality=90)
    return jpeg.getvalue()


def serve() -> None:
    for line in sys.stdin:
        path = line.rstrip("\n")
        if path == "peak":
            print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, flush=True)
            continue
        width, height, path = path.split(" ", 2)
        started = time.process_time_ns()
        jpeg = prepare(path, (int(width), int(height)))
        print(time.process_time_ns() - started, len(jpeg), flush=True)


if __name__ == "__main__":
    serve()
