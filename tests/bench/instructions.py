#!/usr/bin/env python3
"""instructions.py [options]: how many instructions a broker executes for a task, with one busy worker and
with many. Counted by callgrind, so that neighbours on the machine do not matter; a broker under it is slow,
and a slow one gathers more for each turn.
"""
import argparse
import json
import os
import re
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "peers"))
from place import Place, stop_on_signal, wait_until  # noqa: E402


def control(place, broker, *words):
    subprocess.run(["callgrind_control", *words, str(broker.pid)], check=True, capture_output=True,
                   cwd=place.directory)


def instructions(build, workers, tasks, outstanding):
    place = Place(build)
    address = f"tcp://127.0.0.1:{place.port()}"
    out = place.path("callgrind")
    more = ["--outstanding", str(outstanding)] if outstanding else []
    try:
        zonda = place.words(["zonda"])[0]
        broker = place.start("valgrind", "--tool=callgrind", "--instr-atstart=no",
                             f"--callgrind-out-file={out}", zonda, "broker", "start", "--memory", "--bind",
                             address)
        place.start("zonda", "bench", "workers", "--count", workers, "--broker", address)

        def joined():
            return subprocess.run([zonda, "check", "workers", "--min", str(workers), "-b", address,
                                   "--connect-timeout", "5s"], capture_output=True, check=False,
                                  env=place.environment).returncode == 0
        wait_until(joined, f"{workers} workers", 300, pause=0.5)
        bench = ("zonda", "bench", "throughput", "-b", address, *more, "-o", "json")
        place.ask(*bench, "--tasks", 1_000)  # functions and jobs are known
        control(place, broker, "-i", "on")
        place.ask(*bench, "--tasks", tasks)
        control(place, broker, "-i", "off")
        control(place, broker, "-d")
        totals = [path for path in os.listdir(place.directory) if path.startswith("callgrind")]
        counted = 0
        for name in totals:
            with open(place.path(name), encoding="utf-8", errors="replace") as file:
                found = re.search(r"^totals: (\d+)", file.read(), re.M)
                counted += int(found.group(1)) if found else 0
        return counted / (tasks + min(tasks, 1_000))  # bench warms up with a few
    finally:
        place.close()


def main():
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--build", default="build/release", help="where it was built")
    parser.add_argument("--workers", type=int, default=1_000)
    parser.add_argument("--tasks", type=int, default=1_000_000)
    parser.add_argument("--outstanding", type=int, default=0, help="single calls on their way; 0: one map")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, stop_on_signal)
    one, many = (instructions(options.build, workers, options.tasks, options.outstanding)
                 for workers in (1, options.workers))
    print(json.dumps({"tasks": options.tasks, "workers": options.workers, "outstanding": options.outstanding,
                      "instructions_per_task_of_one": round(one, 1), "instructions_per_task": round(many, 1),
                      "ratio": round(many / one, 2)}))


if __name__ == "__main__":
    main()
