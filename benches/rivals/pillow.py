"""Prepares each photo named on standard input with Pillow; answers with nanoseconds and bytes, or its peak memory."""

import io
import resource
import sys
import time

from PIL import Image, ImageOps

SIZE = (1024, 768)
SIDEWAYS = 5


def prepare(path: str) -> bytes:
    image = Image.open(path)
    on_its_side = image.getexif().get(0x0112, 1) >= SIDEWAYS
    image.draft("RGB", SIZE[::-1] if on_its_side else SIZE)
    upright = ImageOps.exif_transpose(image).convert("RGB")
    jpeg = io.BytesIO()
    ImageOps.fit(upright, SIZE, Image.Resampling.LANCZOS).save(jpeg, "JPEG", quality=90)
    return jpeg.getvalue()


def serve() -> None:
    for line in sys.stdin:
        path = line.rstrip("\n")
        if path == "peak":
            print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, flush=True)
            continue
        started = time.perf_counter_ns()
        jpeg = prepare(path)
        print(time.perf_counter_ns() - started, len(jpeg), flush=True)


if __name__ == "__main__":
    serve()
