"""Prepares each image on standard input, "WIDTH HEIGHT PATH", with pyvips; prints the nanoseconds of processor time and the
bytes, or its peak memory."""

import os
import resource
import sys
import time

os.environ["VIPS_CONCURRENCY"] = "1"
import pyvips

pyvips.cache_set_max(0)

for line in sys.stdin:
    path = line.rstrip("\n")
    if path == "peak":
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, flush=True)
        continue
    width, height, path = path.split(" ", 2)
    started = time.process_time_ns()
    jpeg = pyvips.Image.thumbnail(path, int(width), height=int(height), crop="centre", export_profile="srgb").jpegsave_buffer(Q=90, keep="none", background=255)
    print(time.process_time_ns() - started, len(jpeg), flush=True)
