#!/usr/bin/env python3
"""depth.py [options]: many tasks queued at a durable broker: its memory, its recovery after kill -9, and the
rate at which they are then done.

One client submits N tasks of 32 bytes while there is no worker. The broker is killed and started again; then
a worker comes, and everything must be done and right.

What such a queue costs in rate is measured by `zonda bench depth`.
"""
import argparse
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "chaos"))
from cluster import Cluster, wait_until  # noqa: E402


def resident_bytes(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmRSS"))


def measure(options):
    cluster = Cluster(options.build, durable=True)
    cluster.environment.pop("CHAOS_EXECUTIONS", None)
    try:
        answer = {"tasks": options.tasks}
        broker = cluster.start_broker()
        cluster.wait_ready()
        began = time.monotonic()
        client = cluster.start("client", "depth_client", str(options.tasks), stdout=subprocess.PIPE)
        wait_until(lambda: cluster.status()["queued"] >= options.tasks, "all to be queued", options.patience)
        answer["queued_in_s"] = round(time.monotonic() - began, 2)
        answer["resident_bytes"] = resident_bytes(broker.pid)
        cluster.kill(broker)
        began = time.monotonic()
        broker = cluster.start_broker()
        cluster.wait_ready()
        answer["recovered_in_s"] = round(time.monotonic() - began, 2)
        answer["resident_bytes_after"] = resident_bytes(broker.pid)
        assert cluster.status()["queued"] == options.tasks
        cluster.start("worker", "zonda", "worker", "start", "--slots", "2", "--isolation", "thread")
        wait_until(lambda: cluster.status()["done"] > 0, "the first task")
        began, before = time.monotonic(), cluster.status()["done"]
        wait_until(lambda: cluster.status()["done"] >= options.tasks, "all to be done", options.patience)
        answer["done_per_s"] = round((options.tasks - before) / (time.monotonic() - began))
        assert client.wait(options.patience) == 0, "the client saw a wrong result"
        return answer
    finally:
        cluster.close()


def main():
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--build", default="build/release", help="where it was built")
    parser.add_argument("--tasks", type=int, default=10_000_000)
    parser.add_argument("--patience", type=int, default=300, help="seconds for each step")
    options = parser.parse_args()
    print(json.dumps(measure(options)))


if __name__ == "__main__":
    main()
