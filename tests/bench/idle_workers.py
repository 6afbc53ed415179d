#!/usr/bin/env python3
"""idle_workers.py [BINARY [WORKERS [SECONDS]]]: what a broker uses of a core for workers with nothing
to do."""
import os
import subprocess
import sys
import time

binary = sys.argv[1] if len(sys.argv) > 1 else "build/release/cli/zonda"
workers = int(sys.argv[2]) if len(sys.argv) > 2 else 200
seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 30

ADDRESS = "tcp://127.0.0.1:26700"
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def start(*words):
    return subprocess.Popen([binary, *words, "-q"], **QUIET)


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def check(*words):
    return subprocess.run([binary, "check", *words, "-b", ADDRESS], **QUIET).returncode == 0


def wait_for(condition, what):
    deadline = time.monotonic() + 120
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"gave up waiting for {what}")


broker = start("broker", "start", "--bind", ADDRESS, "--memory")
agents = []
try:
    wait_for(lambda: check("ready"), "the broker")
    for _ in range(workers):
        agents.append(start("worker", "start", "-b", ADDRESS, "--slots", "1", "--isolation", "thread"))
    wait_for(lambda: check("workers", "--min", str(workers)), "the workers")
    time.sleep(5)  # their joining is not what is measured
    before = cpu_seconds(broker.pid)
    time.sleep(seconds)
    used = cpu_seconds(broker.pid) - before
    with open(f"/proc/{broker.pid}/status") as file:
        rss = next(line.split()[1] for line in file if line.startswith("VmRSS"))
    share, mib = 100 * used / seconds, int(rss) / 1024
    print(f"{workers} idle workers, {seconds:.0f} s: broker {share:.2f} % of a core, {mib:.1f} MiB")
finally:
    for process in [*agents, broker]:
        process.terminate()
    for process in [*agents, broker]:
        process.wait()
