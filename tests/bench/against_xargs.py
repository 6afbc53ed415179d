#!/usr/bin/env python3
"""against_xargs.py [BINARY [INPUTS [ROUNDS]]]: `zonda map -- true` beside xargs.

Both start INPUTS processes, two at a time, in turn; prints the times of each round, the medians and their
ratio.
"""
import statistics
import subprocess
import sys
import tempfile
import time

binary = sys.argv[1] if len(sys.argv) > 1 else "build/release/cli/zonda"
inputs = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 3

ADDRESS = "tcp://127.0.0.1:26600"


def seconds(command, lines):
    with tempfile.TemporaryFile() as file:
        file.write(lines)
        file.seek(0)
        began = time.monotonic()
        subprocess.run(command, stdin=file, stdout=subprocess.DEVNULL, check=True)
        return time.monotonic() - began


lines = "".join(f"{number}\n" for number in range(inputs)).encode()
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
subprocess.run([binary, "up", "-d", "-b", ADDRESS, "--workers", "1", "--slots", "2"], check=True, **QUIET)
try:
    ours, theirs = [], []
    for number in range(rounds):
        ours.append(seconds([binary, "map", "-b", ADDRESS, "--", "true"], lines))
        theirs.append(seconds(["xargs", "-P2", "-n1", "true"], lines))
        print(f"round {number + 1}: zonda {ours[-1]:.2f} s, xargs {theirs[-1]:.2f} s", flush=True)
    a, b = statistics.median(ours), statistics.median(theirs)
    print(f"medians of {rounds}, {inputs} inputs: zonda {a:.2f} s, xargs {b:.2f} s, ratio {a / b:.2f}")
finally:
    subprocess.run([binary, "down", "-b", ADDRESS], check=True, **QUIET)
