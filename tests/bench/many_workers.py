#!/usr/bin/env python3
"""How fast a thousand workers come, and come back when the broker is killed and started again.

usage: python3 tests/bench/many_workers.py build/release/cli/zonda [--workers N] [--no-keys]

A durable broker with keys, workers without executors in four processes (`zonda bench workers`), and a
measurement that checks every result (`zonda bench throughput`) while the broker is killed.
"""
import argparse
import json
import os
import random
import subprocess
import tempfile
import time


def status(zonda, address):
    answer = subprocess.run([zonda, "status", "-b", address, "-o", "json", "--connect-timeout", "20s"],
                            capture_output=True, check=False)
    return json.loads(answer.stdout) if answer.returncode == 0 else {}


def seconds_until(condition, patience=120):
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > patience:
            raise SystemExit("waited in vain")
    return time.monotonic() - began


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("zonda")
    options.add_argument("--workers", type=int, default=1000)
    options.add_argument("--tasks", type=int, default=20_000_000)
    options.add_argument("--no-keys", action="store_true")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(dir="/var/tmp") as directory:
        address = f"tcp://127.0.0.1:{random.randrange(12_000, 32_000, 16)}"
        if not given.no_keys:
            os.environ["ZONDA_KEYS"] = os.path.join(directory, "keys")
            subprocess.run([given.zonda, "keys", "init", "--keys", os.environ["ZONDA_KEYS"]], check=True,
                           capture_output=True)
        start = [given.zonda, "broker", "start", "-q", "--bind", address, "--data", f"{directory}/data"]
        processes = []

        def run(*words):
            processes.append(subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL))
            return processes[-1]
        try:
            broker = run(*start)
            seconds_until(lambda: status(given.zonda, address))
            began = time.monotonic()
            for _ in range(4):
                run(given.zonda, "bench", "workers", "--count", str(given.workers // 4), "-b", address)
            seconds_until(lambda: status(given.zonda, address).get("workers") == given.workers)
            joined = time.monotonic() - began
            load = run(given.zonda, "bench", "throughput", "-b", address, "-o", "json",
                       "--tasks", str(given.tasks))
            seconds_until(lambda: status(given.zonda, address).get("done", 0) > given.tasks // 10)
            broker.kill()
            broker.wait()
            began = time.monotonic()
            run(*start)
            seconds_until(lambda: status(given.zonda, address).get("workers") == given.workers)
            back = time.monotonic() - began
            out = load.communicate(timeout=300)[0]
            checked = json.loads(out)["tasks"] if load.returncode == 0 else 0
            print(json.dumps({"workers": given.workers, "keys": not given.no_keys,
                              "joined_s": round(joined, 2), "back_s": round(back, 2),
                              "results_checked": checked,
                              "lost": status(given.zonda, address)["lost"]}))
        finally:
            for process in reversed(processes):
                process.terminate()
            for process in processes:
                process.wait()


if __name__ == "__main__":
    main()
