#!/usr/bin/env python3
"""compare.py [options]: Zonda beside ZeroMQ alone and beside every peer that is installed, in one run.

Each round starts each of them, measures and stops it, in turn; what is told are medians.
tests/bench/peers/install installs the peers.
"""
import argparse
import datetime
import json
import os
import platform
import signal
import statistics
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "peers"))
from contestants import FLOOR, IN_MEMORY, ON_DISK, PAYLOAD  # noqa: E402
from place import Place, has, stop_on_signal  # noqa: E402

GIB = 1 << 30
WAYS = ("there", "back")
BEGIN, END = "<!-- compared: begin -->\n", "<!-- compared: end -->\n"


def measure(contestant, build):
    place = Place(build)
    try:
        ask = contestant.start(place)
        found = {}
        if contestant.tasks:
            said = ask("throughput", contestant.tasks)
            found["per_s"] = said["tasks"] / said["seconds"]
        if contestant.calls:
            found["p50_us"] = ask("latency", contestant.calls)["p50_us"]
        for way in WAYS if contestant.payloads else ():
            seconds = ask(way, contestant.payloads)["seconds"]
            found[f"{way}_gib_per_s"] = contestant.payloads * PAYLOAD / GIB / seconds
        return found
    finally:
        place.close()


def version_of(package):
    said = subprocess.run(["dpkg-query", "--show", "--showformat", "${Version}", package],
                          capture_output=True, text=True, check=False)
    return said.stdout or "not installed"


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    return f"{os.cpu_count()} cores ({model}), Linux {platform.release()}, shared with others"


def three_digits(value):
    if value is None:
        return ""
    digits = max(0, 3 - len(str(int(value))))
    step = 10 ** max(0, len(str(int(value))) - 3)
    return f"{value:,.{digits}f}" if digits else f"{round(value / step) * step:,}"


def table(contestants, results, floor):
    lines = ["| what | tasks/s | × ZeroMQ alone | one task, p50 |", "|---|---|---|---|"]
    for contestant in contestants:
        found = results.get(contestant.name)
        if found is None:
            continue
        rate, p50 = found["median"].get("per_s"), found["median"].get("p50_us")
        ratio = rate / floor if rate and floor else 0
        ratio = f"{ratio:.3g}" if ratio >= 0.001 else "< 0.001" if ratio else ""
        trip = three_digits(p50) + " µs" if p50 else ""
        lines.append(f"| {contestant.name} | {three_digits(rate)} | {ratio} | {trip} |")
    return "\n".join(lines) + "\n"


def stream_table(contestants, results):
    lines = ["| what | GiB/s there | × ZeroMQ alone | GiB/s back | × ZeroMQ alone |", "|---|---|---|---|---|"]
    floor = results.get(FLOOR, {}).get("median", {})
    for contestant in contestants:
        found = results.get(contestant.name, {}).get("median", {})
        cells = []
        for way in (f"{way}_gib_per_s" for way in WAYS):
            if way in found:
                cells += [f"{found[way]:.2f}", f"{found[way] / floor[way]:.2f}" if way in floor else ""]
        if cells:
            lines.append(f"| {contestant.name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def write(document, path):
    results = document["results"]
    floor = results.get(FLOOR, {}).get("median", {}).get("per_s")
    versions = ", ".join(f"{name} {version}" for name, version in sorted(document["versions"].items()))
    unended = "".join(f" {name}: {count} without an end." for name, count in document["unended"].items())
    text = (f"{document['date']}, {document['machine']}; medians of {document['rounds']} rounds.{unended}\n"
            f"{versions}.\n\n{table(IN_MEMORY, results, floor)}\n"
            f"On a disk ({document['filesystem']}):\n\n{table(ON_DISK, results, floor)}\n"
            f"Payloads of 1 MiB, one way:\n\n{stream_table(IN_MEMORY, results)}")
    with open(path, encoding="utf-8") as file:
        before, rest = file.read().split(BEGIN)
    with open(path, "w", encoding="utf-8") as file:
        file.write(before + BEGIN + text + END + rest.split(END)[1])


def main():
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--build", default="build/release", help="where it was built")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", action="append", help="whose name contains this; may be given again")
    parser.add_argument("--write", metavar="FILE", help="put the tables there, and JSON beside it")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, stop_on_signal)  # through Place.close()
    found, unended = {}, {}
    everybody = [each for each in IN_MEMORY + ON_DISK
                 if not options.only or any(part in each.name for part in options.only)]
    absent = [each.name for each in everybody if not all(has(need, options.build) for need in each.needs)]
    contestants = [each for each in everybody if each.name not in absent]
    if absent:
        print("not installed: " + ", ".join(absent), file=sys.stderr)
    for number in range(options.rounds):
        for contestant in contestants:
            try:
                figures = measure(contestant, options.build)
            except subprocess.TimeoutExpired as late:
                unended[contestant.name] = unended.get(contestant.name, 0) + 1
                print(f"{number + 1} {contestant.name}: no end in {late.timeout:.0f} s", flush=True)
                continue
            for name, value in figures.items():
                found.setdefault(contestant.name, {}).setdefault(name, []).append(round(value, 2))
            print(f"{number + 1} {contestant.name}: " +
                  ", ".join(f"{name} {three_digits(value)}" for name, value in figures.items()), flush=True)
    for figures in found.values():
        figures["median"] = {name: statistics.median(values) for name, values in figures.items()}
    document = {"date": datetime.date.today().isoformat(), "machine": machine(), "rounds": options.rounds,
                "filesystem": subprocess.run(["df", "--output=fstype", "/var/tmp"], capture_output=True,
                                             text=True, check=True).stdout.split()[-1],
                "versions": {each.package: version_of(each.package) for each in contestants if each.package},
                "unended": unended, "results": found}
    if options.write:
        with open(os.path.splitext(options.write)[0] + ".json", "w", encoding="utf-8") as file:
            json.dump(document, file, indent=1)
            file.write("\n")
        write(document, options.write)
    else:
        print(json.dumps(document))


if __name__ == "__main__":
    main()
