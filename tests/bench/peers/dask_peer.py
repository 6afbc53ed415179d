#!/usr/bin/env python3
"""Dask distributed: a scheduler and a worker process with two threads.

dask_peer.py throughput ADDRESS TASKS | latency ADDRESS COUNT
"""
import sys
import time

import distributed
import report


def echo(number):
    return number


def throughput(client, tasks):
    began = time.perf_counter()
    results = client.gather(client.map(echo, range(tasks), pure=False))
    seconds = time.perf_counter() - began
    assert results == list(range(tasks))
    report.print_rate(tasks, seconds)


def main():
    what, address, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    with distributed.Client(address) as client:
        client.wait_for_workers(1)
        client.gather(client.map(echo, range(100), pure=False))
        if what == "throughput":
            throughput(client, count)
        else:
            report.print_latencies(lambda number: client.submit(echo, number, pure=False).result(), count)


if __name__ == "__main__":
    main()
