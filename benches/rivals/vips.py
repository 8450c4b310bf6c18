"""Prepares each photo named on standard input with pyvips; answers with nanoseconds and bytes, or its peak memory."""

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
    started = time.perf_counter_ns()
    jpeg = pyvips.Image.thumbnail(path, 1024, height=768, crop="centre", export_profile="srgb").jpegsave_buffer(Q=90, keep="none")
    print(time.perf_counter_ns() - started, len(jpeg), flush=True)
