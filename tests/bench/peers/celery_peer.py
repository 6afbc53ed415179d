#!/usr/bin/env python3
"""Celery with Redis as broker and result backend, as its first steps show it.

celery_peer.py throughput TASKS | latency COUNT    REDIS_URL in the environment
Its workers: celery --app celery_peer worker --concurrency 2
"""
import os
import sys
import time

import celery
import report

app = celery.Celery("celery_peer", broker=os.environ["REDIS_URL"], backend=os.environ["REDIS_URL"])


@app.task
def echo(number):
    return number


def throughput(tasks):
    began = time.perf_counter()
    results = celery.group(echo.s(number) for number in range(tasks)).apply_async().get()
    seconds = time.perf_counter() - began
    assert results == list(range(tasks))
    report.print_rate(tasks, seconds)


def main():
    what, count = sys.argv[1], int(sys.argv[2])
    assert echo.delay(1).get(timeout=60) == 1
    if what == "throughput":
        throughput(count)
    else:
        report.print_latencies(lambda number: echo.delay(number).get(), count)


if __name__ == "__main__":
    main()
