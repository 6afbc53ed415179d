"""What each program here prints on stdout, one line of JSON; compare.py reads it."""
import json
import statistics
import time


def print_rate(tasks, seconds):
    print(json.dumps({"tasks": tasks, "seconds": seconds}), flush=True)


def print_latencies(call, count):
    """Of `count` calls, one at a time."""
    latencies = []
    for number in range(count):
        began = time.perf_counter()
        result = call(number)
        latencies.append((time.perf_counter() - began) * 1e6)
        assert result == number
    print(json.dumps({"p50_us": statistics.median(latencies),
                      "p99_us": statistics.quantiles(latencies, n=100)[98]}), flush=True)
