#!/usr/bin/env python3
"""depth.py [options]: many tasks queued at a durable broker: its memory, its recovery after kill -9, and the
rate at which they are then done.

One client submits N tasks of 32 bytes while there is no worker. The broker is killed and started again; then
a worker comes, and everything must be done and right.

With --beside M the rates at two depths are compared instead: N or M tasks are queued, then a worker comes,
and the client adds tasks as it gets some back, so that the depth stays. Rounds alternate. The broker's
processor time for a task is told, too: at a small depth the rate may be bounded by how long a task is on
its way.
"""
import argparse
import json
import os
import statistics
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


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        words = file.read().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def at_depth(options, depth):
    """Tasks a second and the broker's microseconds for one, over some millions, while so many are queued."""
    cluster = Cluster(options.build, durable=not options.memory)
    cluster.environment.pop("CHAOS_EXECUTIONS", None)
    try:
        broker = cluster.start_broker()
        cluster.wait_ready()
        tasks = depth + 3 * options.measured
        cluster.start("client", "depth_client", str(tasks), str(depth), stdout=subprocess.DEVNULL)
        wait_until(lambda: cluster.status()["queued"] >= depth, "all to be queued", options.patience)
        cluster.start("worker", "zonda", "worker", "start", "--slots", "2", "--isolation", "thread")

        def done():
            return cluster.status()["done"]

        wait_until(lambda: done() > options.measured / 10, "it to be under way", options.patience, 0.2)
        began, cpu, before = time.monotonic(), cpu_seconds(broker.pid), done()
        wait_until(lambda: done() >= before + options.measured, "enough", options.patience, 0.2)
        finished = done() - before
        return (round(finished / (time.monotonic() - began)),
                round(1e6 * (cpu_seconds(broker.pid) - cpu) / finished, 3))
    finally:
        cluster.close()


def compare(options):
    found = {options.tasks: [], options.beside: []}
    for _ in range(options.rounds):
        for depth, figures in found.items():
            figures.append(at_depth(options, depth))
    (deep, deep_cpu), (shallow, shallow_cpu) = (map(statistics.median, zip(*figures))
                                                for figures in found.values())
    return {"store": "memory" if options.memory else "fsync",
            "rate_and_cpu_us": {str(depth): figures for depth, figures in found.items()},
            "rate_ratio": round(deep / shallow, 3), "cpu_ratio": round(deep_cpu / shallow_cpu, 3)}


def main():
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--build", default="build/release", help="where it was built")
    parser.add_argument("--tasks", type=int, default=10_000_000)
    parser.add_argument("--patience", type=int, default=300, help="seconds for each step")
    parser.add_argument("--beside", type=int, help="compare with the rate at this depth")
    parser.add_argument("--memory", action="store_true", help="compare brokers without a store")
    parser.add_argument("--measured", type=int, default=3_000_000, help="tasks over which a rate is taken")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print(json.dumps(compare(options) if options.beside else measure(options)))


if __name__ == "__main__":
    main()
