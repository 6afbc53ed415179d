#!/usr/bin/env python3
"""goodput.py [options]: the rate of four workers while one of them is killed every second, beside the rate in
peace.

The workers have one slot each and run tasks of 10 ms, which sleep, in processes of their own. A killed worker
is replaced at once. Quiet and disturbed rounds take turns; prints each, the medians and their ratio (goal:
0.90).
"""
import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "chaos"))
from cluster import Cluster, wait_until  # noqa: E402

WORKERS = 4


class Goodput:
    def __init__(self, options):
        self.options = options
        self.random = random.Random(options.seed)
        self.cluster = Cluster(options.build, options.durable)
        self.born = 0

    def start_worker(self):
        self.born += 1
        return self.cluster.start_worker(f"w{self.born}", "--slots", "1", "--isolation", "process")

    def start(self):
        self.cluster.environment.pop("CHAOS_EXECUTIONS")
        self.cluster.start_broker()
        self.cluster.wait_ready()
        self.workers = [self.start_worker() for _ in range(WORKERS)]
        self.cluster.wait_workers(WORKERS)
        self.client = self.cluster.start("client", "steady_client", str(self.options.work_us),
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        wait_until(lambda: self.cluster.status()["done"] > WORKERS * 50, "the first tasks")

    def kill_one(self):
        place = self.random.randrange(WORKERS)
        self.cluster.kill(self.workers[place])
        self.workers[place] = self.start_worker()

    def round(self, kill):
        """Tasks done in a second."""
        self.cluster.wait_workers(WORKERS)
        before, began = self.cluster.status()["done"], time.monotonic()
        for second in range(1, self.options.seconds + 1):
            if kill:
                self.kill_one()
            time.sleep(max(0, began + second - time.monotonic()))
        return (self.cluster.status()["done"] - before) / (time.monotonic() - began)

    def run(self):
        self.start()
        quiet, killed = [], []
        for number in range(self.options.rounds):
            quiet.append(self.round(kill=False))
            killed.append(self.round(kill=True))
            print(f"round {number + 1}: quiet {quiet[-1]:.1f}/s, one killed every second {killed[-1]:.1f}/s",
                  flush=True)
        lost = self.cluster.status()["workers_lost"]
        self.client.stdin.close()
        self.client.wait(60)
        a, b = statistics.median(quiet), statistics.median(killed)
        print(f"medians of {self.options.rounds} rounds of {self.options.seconds} s: quiet {a:.1f}/s, "
              f"killed {b:.1f}/s, ratio {b / a:.3f}")
        print(json.dumps({"seed": self.options.seed, "quiet_per_second": round(a, 1),
                          "killed_per_second": round(b, 1), "workers_lost": lost,
                          "ratio": round(b / a, 4)}))
        return 0 if b / a >= 0.9 else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--build", default="build/release", help="directory of the build; default %(default)s")
    add("--seconds", type=int, default=15, help="of a round; default %(default)s")
    add("--rounds", type=int, default=5, help="default %(default)s")
    add("--work-us", type=int, default=10_000, help="of a task; default %(default)s")
    add("--durable", action="store_true", help="the broker keeps its data")
    add("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    bench = Goodput(parser.parse_args())
    try:
        return bench.run()
    finally:
        bench.cluster.close()


if __name__ == "__main__":
    sys.exit(main())
