#!/usr/bin/env python3
"""Reads the golden vectors as a peer in another language would: with its own msgpack and its own numbers.

usage: vectors_peer.py DIRECTORY
"""
import json
import pathlib
import struct
import sys

try:
    import msgpack
except ImportError:
    print("skipped: python3-msgpack is not installed")
    sys.exit(77)

MAGIC = 0x5A
VERSION = 1
HEADER = ("session", "seq", "ack", "credit_tasks", "credit_bytes")
NUMBERS = {
    "hello": 1, "welcome": 2, "refuse": 3, "who": 4, "heartbeat": 5, "goodbye": 6, "drain": 7, "credit": 8,
    "piece": 9, "enrol": 10, "enrolled": 11,
    "open-job": 16, "append": 17, "close-job": 18, "accepted": 19, "job-refused": 20,
    "same-job": 21, "attach": 22, "outcomes": 23, "outcome-ack": 24, "cancel": 25, "query": 26, "reply": 27,
    "job-progress": 28, "job-output": 29, "output-room": 30,
    "tasks": 40, "started": 41, "retract": 42, "returned": 43,
    "holdings": 44, "stored": 45, "results": 46, "progress": 47, "output": 48, "stop": 49,
}


def on_wire(value):
    """What msgpack must give for a value in its readable form."""
    if isinstance(value, list):
        return [on_wire(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    if "$bin" in value:
        return bytes.fromhex(value["$bin"])
    if "$map" in value:
        return {key: on_wire(entry) for key, entry in value["$map"].items()}
    if "$column" in value:
        values = [bytes.fromhex(entry) for entry in value["$column"]]
        return [b"".join(struct.pack("<I", len(entry)) for entry in values), b"".join(values)]
    return [on_wire(entry) for entry in value.values()]


def same(left, right):
    """Equal in kind too: 2 is not 2.0 and 1 is not true."""
    if type(left) is not type(right):
        return False
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    return left == right


def examples(text):
    """(name, header, fields in their order, bytes) of each example."""
    for block in text.split("\n[")[1:]:
        name, _, body = block.partition("]\n")
        fields_text, _, hexadecimal = body.partition("hex:")
        lines = dict(line.split(": ", 1) for line in fields_text.splitlines())
        header = json.loads(lines.pop("header"))
        frame = bytes.fromhex("".join(hexadecimal.split()))
        yield name, header, [json.loads(line) for line in lines.values()], frame


def complaint(kind, header, fields, frame):
    if kind not in NUMBERS:
        return "the name of the file is no message type"
    if tuple(header) != HEADER:
        return f"the header has the fields {', '.join(header)}"
    expected = [MAGIC, VERSION, NUMBERS[kind], *header.values(), *map(on_wire, fields)]
    decoded = msgpack.unpackb(frame, raw=False, strict_map_key=True)
    return None if same(decoded, expected) else f"decoded {decoded}\n  expected {expected}"


def main():
    checked = wrong = 0
    for path in sorted(pathlib.Path(sys.argv[1]).glob("*.txt")):
        for name, header, fields, frame in examples(path.read_text(encoding="utf-8")):
            checked += 1
            problem = complaint(path.stem, header, fields, frame)
            if problem:
                wrong += 1
                print(f"{path.name} [{name}]: {problem}")
    print(f"{checked} vectors read, {wrong} wrong")
    return 1 if wrong or checked < len(NUMBERS) else 0


if __name__ == "__main__":
    sys.exit(main())
