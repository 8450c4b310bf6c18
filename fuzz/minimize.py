#!/usr/bin/env python3
"""Makes corpus-min/TARGET again: of what fuzzing found, the few files that reach most of what no named seed reaches.

minimize.py PROGRAM COUNT, where PROGRAM is the target as `cargo +nightly fuzz build TARGET` leaves it and COUNT the number
of files.
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile

FUZZ = pathlib.Path(__file__).resolve().parent


def edges(program, folders, control):
    """The edges that each file reaches. libFuzzer writes them down before it merges the files, which is not used."""
    with tempfile.TemporaryDirectory() as merged:
        options = ["-set_cover_merge=1", "-use_counters=0", f"-merge_control_file={control}"]
        subprocess.run([program, *options, merged, *folders], check=True, stderr=subprocess.DEVNULL)
    lines = control.read_text().splitlines()
    # The number of files, a number that does not matter here, and their paths.
    count = int(lines[0])
    files = [pathlib.Path(line) for line in lines[2 : 2 + count]]
    reached = {file: set() for file in files}
    for line in lines[2 + count :]:
        kind, *numbers = line.split()
        if kind == "FT":
            reached[files[int(numbers[0])]].update(numbers[1:])
    return reached


def main(program, count):
    target = pathlib.Path(program).name
    seeds, least, corpus = (FUZZ / name / target for name in ("seeds", "corpus-min", "corpus"))
    with tempfile.TemporaryDirectory() as folder:
        folders = [folder for folder in (seeds, least, corpus) if folder.is_dir()]
        reached = edges(program, folders, pathlib.Path(folder) / "control")
    covered = set().union(*(reached[file] for file in reached if file.parent == seeds))
    print(f"{target}: {len(covered)} edges by named seeds")
    found = [file for file in reached if file.parent != seeds]
    chosen = []
    while found and len(chosen) < count:
        best = max(found, key=lambda file: (len(reached[file] - covered), -file.stat().st_size))
        if reached[best] <= covered:
            break
        covered |= reached[best]
        found.remove(best)
        chosen.append((best.name, best.read_bytes()))
    shutil.rmtree(least, ignore_errors=True)
    for name, data in chosen:
        least.mkdir(parents=True, exist_ok=True)
        (least / name[:12]).write_bytes(data)
    every = len(set().union(*reached.values()))
    print(f"{target}: {len(covered)} edges with {len(chosen)} more files, of {every} in the whole corpus")


if len(sys.argv) != 3:
    sys.exit(__doc__)
main(sys.argv[1], int(sys.argv[2]))
