#!/usr/bin/env python3
"""requeue.py [options]: how long a task waits after its worker vanished until it starts on another, idle one.

  kill -9   of the agent on a living host, again and again, one at a time (goal: p99 below 1 s)
  SIGSTOP   of agent and child, several at the same time: the lease, 15 s, and little more
  cut off   its connections carry nothing any more, nobody says so, and it gets no new ones: the same

The start is what the function itself writes down; one clock, as all run on one machine.
"""
import argparse
import itertools
import json
import os
import random
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "chaos"))
from cluster import Cluster, children_of, free_ports, parent_of, signal_quietly, wait_until  # noqa: E402
from proxy import FaultProxy  # noqa: E402

LEASE = 15


class Group:
    """Workers that have a label of their own, and one task at a time that only they may run."""

    def __init__(self, cluster, name, numbers, address=None):
        self.cluster, self.name, self.numbers, self.address = cluster, name, numbers, address
        self.born = 0
        self.workers = []

    def start_worker(self):
        self.born += 1
        self.workers.append(self.cluster.start_worker(
            f"{self.name}-{self.born}", "--slots", "1", "--label", f"group={self.name}",
            address=self.address))

    def starts_of(self, number):
        return [each for each in self.cluster.executions() if each.number == number]

    def begin_task(self):
        """Its number, and the worker that runs it."""
        number = next(self.numbers)
        release = self.cluster.path(f"release-{number}")
        self.call = self.cluster.start(
            f"call-{number}", "zonda", "call", "--label", f"group={self.name}", "--retries", "100",
            "--timeout", "300s", "chaos.hold", json.dumps([number, release]))
        start = wait_until(lambda: self.starts_of(number), "the task to start")[0]
        agent = parent_of(start.pid)
        return number, release, next(worker for worker in self.workers if worker.pid == agent)

    def seconds_until_started_again(self, number, since_ns, patience):
        again = wait_until(lambda: self.starts_of(number)[1:], "the task to start again", patience,
                           pause=0.01)
        return (again[0].began_ns - since_ns) / 1e9

    def end_task(self, release):
        open(release, "w", encoding="utf-8").close()
        if self.call.wait(60) != 0:
            raise RuntimeError(f"{self.call.label} ended with {self.call.returncode}")
        self.cluster.forget(self.call)

    def count(self):
        """Workers of the group that the broker knows as active."""
        answer = json.loads(self.cluster.zonda("worker", "list", "-o", "json").stdout)
        return sum(each["state"] == "active" and each["worker"].startswith(self.name + "-")
                   for each in answer["workers"])

    def wait_for(self, count):
        wait_until(lambda: self.count() == count, f"{count} workers of {self.name}", pause=0.05)


def measure_kills(cluster, repetitions, numbers):
    group = Group(cluster, "kill", numbers)
    group.start_worker()
    times = []
    for _ in range(repetitions):
        group.start_worker()
        group.wait_for(2)
        number, release, holder = group.begin_task()
        since = time.monotonic_ns()
        cluster.kill(holder)
        times.append(group.seconds_until_started_again(number, since, 60))
        group.workers.remove(holder)
        group.end_task(release)
    return times


def silence_by_signal(cluster, group, holder):
    for pid in [*children_of(holder.pid), holder.pid]:
        signal_quietly(pid, signal.SIGSTOP)
    return time.monotonic_ns()


def measure_silence(cluster, name, numbers, silence, address=None):
    """One repetition: the holder falls silent, the other worker starts the task."""
    group = Group(cluster, name, numbers, address)
    group.start_worker()
    group.wait_for(1)
    number, release, holder = group.begin_task()
    group.address = None
    group.start_worker()
    group.wait_for(2)
    since = silence(cluster, group, holder)
    seconds = group.seconds_until_started_again(number, since, LEASE + 60)
    group.end_task(release)
    for pid in [*children_of(holder.pid), holder.pid]:
        signal_quietly(pid, signal.SIGCONT)
    return seconds


def in_parallel(measure, repetitions):
    """What each of so many threads measured."""
    times, errors = [], []

    def one(number):
        try:
            times.append(measure(number))
        except Exception as error:  # told by the main thread
            errors.append(error)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(repetitions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return times


def measure_stops(cluster, repetitions, numbers):
    return in_parallel(lambda number: measure_silence(cluster, f"stop{number}", numbers, silence_by_signal),
                       repetitions)


def measure_cuts(cluster, repetitions, numbers):
    def one(number):
        proxy = FaultProxy(free_ports(), cluster.port)
        proxy.start()

        def cut(*_):
            since = time.monotonic_ns()
            proxy.cut_off()
            return since

        try:
            return measure_silence(cluster, f"cut{number}", numbers, cut, f"tcp://127.0.0.1:{proxy.listen}")
        finally:
            proxy.stop()

    return in_parallel(one, repetitions)


def tell(what, times):
    times = sorted(times)
    at = {name: round(times[min(len(times) - 1, int(len(times) * part))], 3)
          for name, part in (("p50", 0.5), ("p99", 0.99), ("max", 1))}
    print(f"{what}: {len(times)} times, p50 {at['p50']} s, p99 {at['p99']} s, max {at['max']} s", flush=True)
    return {"repetitions": len(times), **at}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--build", default="build/release", help="directory of the build; default %(default)s")
    add("--kills", type=int, default=100, help="default %(default)s")
    add("--silent", type=int, default=4,
        help="repetitions of SIGSTOP and of cutting off; default %(default)s")
    add("--durable", action="store_true", help="the broker keeps its data")
    options = parser.parse_args()
    cluster = Cluster(options.build, options.durable)
    numbers = itertools.count(random.SystemRandom().randrange(1 << 31) << 20)
    figures = {}
    try:
        cluster.start_broker()
        cluster.wait_ready()
        for what, measure, repetitions in (("kill", measure_kills, options.kills),
                                           ("stop", measure_stops, options.silent),
                                           ("cut", measure_cuts, options.silent)):
            if repetitions:
                figures[what] = tell(what, measure(cluster, repetitions, numbers))
    finally:
        cluster.close()
    print(json.dumps(figures))
    good = all(times["p99"] < (1 if what == "kill" else LEASE + 2) for what, times in figures.items())
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
