#!/usr/bin/env python3
"""planned_restart.py [options]: stops a broker under load in the ordinary way and starts it again, N times,
and counts the tasks whose function ran twice. The goal is none.

Needs a broker that keeps its data. The last line is a summary as JSON; exit code 0: no task was lost, and
none ran twice.
"""
import argparse
import collections
import json
import os
import random
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cluster import Cluster, wait_until  # noqa: E402

FINISH = 120  # seconds


class PlannedRestart:
    def __init__(self, options):
        self.options = options
        self.random = random.Random(options.seed)
        self.cluster = Cluster(options.build, durable=True, keep=options.keep)
        self.problems = []
        self.pauses = []  # seconds from SIGTERM until a task began again

    def start(self):
        self.cluster.start_broker()
        self.cluster.wait_ready()
        self.workers = [self.cluster.start_worker(f"w{number}", "--slots", "2")
                        for number in range(self.options.workers)]
        self.cluster.wait_workers(self.options.workers)
        self.client = self.cluster.start(
            "client", "chaos_client", "--first", str(1 << 40), "--seed", str(self.options.seed),
            "--lanes", "4", "--drain-seconds", str(FINISH), stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def executions_bytes(self):
        try:
            return os.path.getsize(self.cluster.executions_path)
        except FileNotFoundError:
            return 0

    def wait_for_work(self):
        before = self.executions_bytes()
        wait_until(lambda: self.executions_bytes() > before, "tasks to run", pause=0.005)

    def restart(self):
        began = time.monotonic()
        code = self.cluster.end(self.cluster.broker)
        if code != 0:
            self.problems.append(f"the broker ended with {code} on SIGTERM")
        self.cluster.forget(self.cluster.broker)
        self.cluster.start_broker()
        self.cluster.wait_ready()
        self.wait_for_work()
        self.pauses.append(time.monotonic() - began)

    def run(self):
        self.start()
        for _ in range(self.options.restarts):
            self.wait_for_work()
            time.sleep(self.random.uniform(0.2, 2 * self.options.every))
            self.restart()
        self.client.stdin.close()
        output = self.client.stdout.read()
        if self.client.wait(FINISH) != 0:
            self.problems.append(f"client: {output.decode().strip()}")
        self.tasks = json.loads(output)

    def summary(self):
        ran = collections.Counter(execution.number for execution in self.cluster.executions())
        twice = [number for number, times in ran.items() if times > 1]
        if twice:
            self.problems.append(f"{len(twice)} tasks ran twice, among them {sorted(twice)[:5]}")
        return {"seed": self.options.seed, "restarts": len(self.pauses), "tasks": self.tasks,
                "ran_twice": len(twice), "pause_p50": round(statistics.median(self.pauses), 3),
                "pause_max": round(max(self.pauses), 3), "problems": self.problems}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--build", default="build/release", help="directory of the build; default %(default)s")
    add("--restarts", type=int, default=20)
    add("--every", type=float, default=2, help="seconds between them, on average; default %(default)s")
    add("--workers", type=int, default=4)
    add("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    add("--keep", action="store_true", help="keep the directory with the logs")
    test = PlannedRestart(parser.parse_args())
    try:
        test.run()
        summary = test.summary()
    finally:
        left = test.cluster.close()
    summary["problems"] += [f"left behind: {words}" for _, words in left]
    print(json.dumps(summary))
    return 1 if summary["problems"] else 0


if __name__ == "__main__":
    sys.exit(main())
