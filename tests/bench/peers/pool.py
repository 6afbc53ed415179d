#!/usr/bin/env python3
"""multiprocessing.Pool of two processes.

pool.py throughput CHUNK TASKS | latency COUNT    CHUNK 0: the default of Pool.map
"""
import multiprocessing
import sys
import time

import report

LARGE = 1 << 40  # numbers of eight bytes


def echo(number):
    return number


def throughput(pool, chunk, tasks):
    inputs = range(LARGE, LARGE + tasks)
    began = time.perf_counter()
    results = pool.map(echo, inputs, chunksize=chunk or None)
    seconds = time.perf_counter() - began
    assert results == list(inputs)
    report.print_rate(tasks, seconds)


def main():
    what, numbers = sys.argv[1], [int(word) for word in sys.argv[2:]]
    with multiprocessing.Pool(2) as pool:
        pool.map(echo, range(1_000))
        if what == "throughput":
            throughput(pool, *numbers)
        else:
            report.print_latencies(lambda number: pool.apply(echo, (number,)), *numbers)


if __name__ == "__main__":
    main()
