#!/usr/bin/env python3
"""Makes the seeds of the fuzzers from the golden vectors.

usage: seeds.py VECTORS OUTPUT
"""
import pathlib
import random
import struct
import sys


def frames(vectors):
    for path in sorted(vectors.glob("*.txt")):
        for block in path.read_text(encoding="utf-8").split("\nhex:")[1:]:
            yield bytes.fromhex("".join(block.partition("\n\n")[0].split()))


def chunk(data):
    return struct.pack("<H", len(data)) + data


def lane(found):
    yield b"".join(b"\1" + chunk(frame) for frame in found)  # each with the number that is due
    yield b"".join(b"\0" + chunk(frame) for frame in found)
    for frame in found:
        yield b"\3" + chunk(frame[:7]) + b"\1" + b"\3" + chunk(frame[7:]) + b"\0"


def peer_session(found):
    opened = b"\6\1\0" + b"\2" + bytes([10, 0, 10, 0, 7])
    yield opened + b"".join(b"\1" + chunk(frame) + b"\6\10\0" for frame in found)
    yield opened + b"".join(b"\0" + chunk(frame) for frame in found)
    yield opened + b"\4\5\3\1" + b"\6\xff\1" * 9


def broker(found):
    for frame in found:
        yield b"\3\0\1\0\0\0\0\0\0\0\0\6\3\2\1" + chunk(frame) + b"\0\6\3\2\0" + chunk(frame)
    for seed in range(40):
        yield random.Random(seed).randbytes(400)


def values(found):
    for kind in range(18):
        yield bytes([kind]) + bytes.fromhex("9301a16102")
    for value in ("01", "cb3ff8000000000000", "a3616263", "c403616263", "c3", "c0", "93010203", "9301a161c3",
                  "81a161920102", "8101c0", "82a76e756d62657273920102a5776f7264738101a0", "d6ff00000001",
                  "84a178cb3ff0000000000000a179ca3f800000a86368696c6472656e90a46e616d65a161"):
        for kind in range(18):
            yield bytes([kind]) + bytes.fromhex(value)


def report(found):
    yield bytes.fromhex("80")
    yield bytes.fromhex("82a46b696e6401a7686973746f727991950101a177a168a16d")
    yield bytes.fromhex("84a46b696e6402a67369676e616c0ba6726573756c74c40378797aa56e65776572c0")


def exec_maps(found):
    yield bytes.fromhex("9182a46172677692a46563686fc4026869a57368656c6cc2")
    yield bytes.fromhex("9183a46172677691a27368a3656e7681a141a142a5737464696ec40178")
    yield bytes.fromhex("83a9657869745f636f646501a67369676e616c00a77365636f6e6473cb3ff8000000000000")


def addresses(found):
    for text in ("tcp://host", "tcp://127.0.0.1:5570", "tcp://[::1]:5570", "ipc:///run/zonda", "tcp://*:0",
                 "tcp://a:1,ipc:///b,tcp://[::]", "tcp://0.0.0.0:65525"):
        yield text.encode()


TARGETS = {"decode": lambda found: found, "lane": lane, "peer_session": peer_session, "broker": broker,
           "values": values, "report": report, "exec": exec_maps, "address": addresses}


def main():
    vectors, output = map(pathlib.Path, sys.argv[1:3])
    found = list(frames(vectors))
    for target, make in TARGETS.items():
        folder = output / target
        folder.mkdir(parents=True, exist_ok=True)
        for number, seed in enumerate(make(found)):
            (folder / f"{number:03}").write_bytes(seed)


if __name__ == "__main__":
    main()
