"""Runs a program; prints its peak memory in KiB, that of the largest process where it starts others."""

import os
import sys

null = os.open(os.devnull, os.O_WRONLY)
program = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, null, 1)])
_, status, usage = os.wait4(program, 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
