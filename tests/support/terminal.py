#!/usr/bin/env python3
"""Runs a program in a pseudo-terminal, for tests/ci/terminal.rs.

Reads {"argv": [...], "env": {...}, "until": text, "keys": text, "columns": number} as JSON from standard input; types
`keys` as soon as `until` was shown; prints {"exit": code, "output": text}. With no `keys`, waits for the end; with
`keys` null, closes the terminal instead, as a window does.
"""

import fcntl
import json
import os
import pty
import struct
import sys
import termios


def main():
    asked = json.load(sys.stdin)
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe(asked["argv"][0], asked["argv"], {**os.environ, **asked["env"]})
    size = struct.pack("HHHH", 30, asked["columns"], 0, 0)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, size)
    output, typed = b"", asked["keys"] == ""
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # The program has closed the terminal.
            part = b""
        if not part:
            break
        output += part
        if not typed and asked["until"].encode() in output:
            if asked["keys"] is None:
                os.close(terminal)
                break
            os.write(terminal, asked["keys"].encode())
            typed = True
    _, status = os.waitpid(pid, 0)
    print(json.dumps({"exit": os.waitstatus_to_exitcode(status), "output": output.decode()}))


main()
