#!/usr/bin/env python3
"""A pool that is scaled while tasks of 20 ms run: 1, 8, 1 workers by order; then by itself, with noise.

usage: python3 tests/bench/scaling.py BUILD [--noisy-seconds 120] [--seed N]

Prints one JSON document: how long the throughput took to follow each order, whether a task was lost or ran
twice (from the broker's counts), and how often the pool changed its mind under a load that did not change on
average.
"""
import argparse
import json
import os
import random
import signal
import subprocess
import tempfile
import time

TASK_US = 20_000
PER_WORKER = 1e6 / TASK_US  # tasks a second, of one slot


class Cluster:
    def __init__(self, build, directory, pool):
        self.zonda, self.build, self.directory = f"{build}/cli/zonda", build, directory
        self.address = f"tcp://127.0.0.1:{random.randrange(12_000, 32_000, 16)}"
        self.environment = {**os.environ, "ZONDA_BROKER": self.address, "HOME": directory,
                            "XDG_RUNTIME_DIR": directory}
        self.processes = []
        self.start("broker", "start", "--memory", "-q", "--bind", self.address)
        self.until(lambda: self.call("check", "live").returncode == 0)
        with open(f"{directory}/pools.toml", "w", encoding="utf-8") as file:
            file.write(f"[pool]\nslots = 1\nisolation = \"thread\"\nspool-max = 0\n{pool}\n")
        self.start("pool", "start", "--config", "pools.toml", "--state", "state")
        self.until(lambda: self.pool())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
            process.wait(60)
        for name in os.listdir(f"{self.directory}/state"):
            if os.path.isdir(f"{self.directory}/state/{name}"):
                self.call("agent", "stop", "--directory", f"{self.directory}/state/{name}")

    def start(self, *words):
        self.processes.append(subprocess.Popen([self.zonda, *words], env=self.environment, cwd=self.directory,
                                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    def call(self, *words):
        return subprocess.run([self.zonda, *words], env=self.environment, capture_output=True, check=False)

    def json(self, *words):
        answer = self.call(*words, "-o", "json")
        return json.loads(answer.stdout) if answer.returncode == 0 else {}

    def pool(self):
        return next(iter(self.json("pool", "list").get("pools", [])), None)

    def log(self):
        return [entry["text"] for entry in self.json("scale", "log").get("decisions", [])]

    @staticmethod
    def until(condition, patience=60):
        end = time.monotonic() + patience
        while not condition():
            if time.monotonic() > end:
                raise SystemExit("waited in vain")

    def load(self, seconds, *words):
        client = f"{self.build}/tests/bench/scaling_client"
        return subprocess.Popen([client, str(TASK_US), str(seconds), *words],
                                env=self.environment, stdout=subprocess.PIPE, text=True)

    def verdict(self, load, lines):
        """None of the tasks is missing, and none was run that was not asked for."""
        load.wait(120)
        _, asked, done, wrong = (int(each) if each != "end" else 0 for each in lines[-1].split())
        status = self.json("status")
        return {"asked": asked, "done": done, "failed": wrong, "lost": asked - done - wrong,
                "handed_out_more_than_once_and_begun": status["stale"] + status["lost"] + status["retried"],
                "returned_unbegun": status["returned"]}


def rates(lines):
    """Tasks a second, over the last second, by time."""
    points = [tuple(float(each) for each in line.split()) for line in lines if not line.startswith("end")]
    return [(points[at][0], (points[at][1] - points[at - 10][1]) / (points[at][0] - points[at - 10][0]))
            for at in range(10, len(points))]


def ordered(build):
    with tempfile.TemporaryDirectory(dir="/var/tmp") as directory, \
            Cluster(build, directory, "min = 1\nmax = 1") as cluster:
        cluster.until(lambda: cluster.pool()["workers"] == 1)
        load = cluster.load(17, "outstanding", "64")
        began = time.monotonic()
        first = load.stdout.readline()
        offset = time.monotonic() - began - float(first.split()[0])
        orders = []
        for at, size in ((6, 8), (11, 1)):
            time.sleep(max(0.0, began + offset + at - time.monotonic()))
            orders.append((time.monotonic() - began - offset, size))
            cluster.call("scale", "pool", str(size))
        lines = [first, *load.stdout.read().splitlines()]
        over_time = rates(lines)
        answer = {"steps": []}
        for given, size in orders:
            wanted = size * PER_WORKER
            reached = next((at for at, rate in over_time if at > given and abs(rate - wanted) < 0.1 * wanted),
                           None)
            answer["steps"].append({"workers": size, "tasks_per_second_possible": wanted,
                                    "followed_after_s": reached and round(reached - given, 1)})
        answer.update(cluster.verdict(load, lines))
        answer["log"] = cluster.log()
        return answer


def noisy(build, seconds, seed):
    pool = 'min = 1\nmax = 8\ntarget-wait = "1s"\ncooldown = "15s"'
    with tempfile.TemporaryDirectory(dir="/var/tmp") as directory, Cluster(build, directory, pool) as cluster:
        load = cluster.load(seconds, "rate", "60", "180", "5", str(seed))  # 1.2 and 3.6 slots' worth
        lines = load.stdout.read().splitlines()
        answer = {"seed": seed, **cluster.verdict(load, lines)}
        answer["log"] = cluster.log()
        ups_and_downs = [text[0] for text in answer["log"] if text[0] in "+-"]
        answer["changes_of_direction"] = sum(a != b for a, b in zip(ups_and_downs, ups_and_downs[1:]))
        return answer


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("build")
    options.add_argument("--noisy-seconds", type=int, default=120)
    options.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    given = options.parse_args()
    build = os.path.abspath(given.build)
    print(json.dumps({"ordered": ordered(build), "noisy": noisy(build, given.noisy_seconds, given.seed)},
                     indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
