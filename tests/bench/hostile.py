#!/usr/bin/env python3
"""What strangers cost those who have keys: throughput with and without them, in turns.

usage: /usr/bin/python3 tests/bench/hostile.py build/release/cli/zonda [--rounds N] [--attack NAME]

Needs pyzmq. A broker with keys and a worker with two threads run all the time; `zonda bench throughput` is
measured alone and beside each attack, which is made by one process of this script: so some of what is lost is
what that process takes of the cores, and `spin`, which attacks nobody and only takes its core, says how much.
"""
import argparse
import base64
import json
import multiprocessing
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import zmq
import zmq.utils.z85

NULL_GREETING = b"\xff" + b"\0" * 8 + b"\x7f" + b"\x03\x00" + b"NULL".ljust(20, b"\0") + b"\0" + b"\0" * 31
NULL_READY = b"\x04\x19\x05READY\x0bSocket-Type\0\0\0\x06DEALER"
COUNTED = ("refused_keys", "refused_frames", "bad_frames", "memory_bytes")
REVOKED = "-revoked.key"  # a copy of one that is no longer in the list, beside the directory
PAUSE = 0.002  # seconds between the steps of an attack: strangers are many, not fast


def key_of(path):
    """(public, secret, broker's) as libzmq takes them."""
    with open(path, encoding="utf-8") as file:
        words = dict(line.split() for line in file if not line.startswith("#"))
    secret, broker = (base64.urlsafe_b64decode(words[word] + "=") for word in ("secret", "broker"))
    encode = zmq.utils.z85.encode
    return zmq.curve_public(encode(secret)), encode(secret), encode(broker)


def connected(context, port, keys):
    dealer = context.socket(zmq.DEALER)
    dealer.linger = 0
    if keys:
        dealer.curve_publickey, dealer.curve_secretkey, dealer.curve_serverkey = keys
    dealer.connect(f"tcp://127.0.0.1:{port}")
    return dealer


def tcp(port):
    stranger = socket.create_connection(("127.0.0.1", port))
    stranger.setblocking(False)
    return stranger


def spin(port, keys):
    while True:
        time.sleep(PAUSE)


def knock(port, next_keys):
    """A hundred a second: each costs the broker 0.7 ms, CurveZMQ's own arithmetic, and us as much."""
    context = zmq.Context()
    while True:
        strangers = [connected(context, port + random.randrange(3), next_keys()) for _ in range(10)]
        time.sleep(0.1)
        for stranger in strangers:
            stranger.close()


def random_keys(port, keys):
    broker = key_of(os.path.join(keys, "client.key"))[2]
    knock(port, lambda: (*zmq.curve_keypair(), broker))


def revoked_key(port, keys):
    knock(port, lambda: key_of(keys + REVOKED))


def no_keys(port, keys):
    context = zmq.Context()
    while True:
        strangers = [connected(context, port + random.randrange(3), None) for _ in range(10)]
        for stranger in strangers:
            stranger.send(b"let me in")
        time.sleep(10 * PAUSE)
        for stranger in strangers:
            stranger.close()


def garbage(port, keys):
    while True:
        strangers = [tcp(port + random.randrange(3)) for _ in range(10)]
        for stranger in strangers:
            try:
                stranger.sendall(random.randbytes(4096))
            except OSError:
                pass
        time.sleep(10 * PAUSE)
        for stranger in strangers:
            stranger.close()


def idle(port, keys):
    strangers = []
    while True:
        while len(strangers) < 1000:
            strangers.append(tcp(port + len(strangers) % 3))
        time.sleep(1)
        for at, stranger in enumerate(strangers):  # those that were thrown out come again
            try:
                if stranger.recv(64) == b"":
                    raise ConnectionError
            except BlockingIOError:
                continue
            except OSError:
                stranger.close()
                strangers[at] = tcp(port + at % 3)


def unfinished(port, keys):
    """Messages of many parts that never end, of somebody without a key and of a worker's key."""
    context = zmq.Context()
    worker = connected(context, port + 1, key_of(os.path.join(keys, "worker.key")))
    while True:
        stranger = tcp(port + 1)
        try:
            stranger.sendall(NULL_GREETING + NULL_READY + b"\x01\x01x" * 1000)
        except OSError:
            pass
        for _ in range(20):
            try:
                worker.send(b"x" * 100, zmq.SNDMORE | zmq.NOBLOCK)
            except zmq.Again:
                break
        time.sleep(PAUSE)
        stranger.close()


def wrong_role(port, keys):
    """A worker's key: a good session on the back, in which it says what clients and administrators say."""
    import msgpack
    context = zmq.Context()
    own = key_of(os.path.join(keys, "worker.key"))
    front, back = connected(context, port, own), connected(context, port + 1, own)
    peer, incarnation, attempt, session, seq = os.urandom(16), random.getrandbits(60), 0, 0, 0

    def frame(number, *fields, of=0, at=0):
        return msgpack.packb([0x5A, 1, number, of, at, 0, 0, 0, *fields])
    while True:
        try:
            while True:
                heard = msgpack.unpackb(back.recv(zmq.NOBLOCK))
                if heard[2] == 2:  # WELCOME
                    session, seq = heard[3], 1
                    back.send(frame(44, [], True, of=session, at=seq), zmq.NOBLOCK)  # HOLDINGS: none
                elif heard[2] == 4:  # WHO
                    session = 0
        except zmq.Again:
            pass
        if session == 0:
            attempt += 1
            hello = (2, 1, 1, attempt, "hostile", peer, incarnation, "hostile", "host", 1, "", False, 1, [],
                     {}, {}, [["bench.nothing", "()"]])
            frames = [frame(1, *hello)]
        else:
            orders = [(26, 1, "broker.stop", b""), (26, 2, "job.list", b""), (25, os.urandom(16), 0, 0),
                      (18, os.urandom(16), 5), (22, os.urandom(16), 0, 0, 0)]
            frames = []
            for number, *fields in orders:
                seq += 1
                frames.append(frame(number, *fields, of=session, at=seq))
        try:
            for each in frames:
                back.send(each, zmq.NOBLOCK)
            front.send(frame(1, 1, *hello[1:]), zmq.NOBLOCK)  # as a client
        except zmq.Again:
            pass
        time.sleep(PAUSE)


ATTACKS = [spin, random_keys, revoked_key, no_keys, garbage, idle, unfinished, wrong_role]


def throughput(zonda, address, tasks):
    words = [zonda, "bench", "throughput", "-b", address, "--tasks", str(tasks), "-o", "json"]
    answer = subprocess.run(words, capture_output=True, timeout=120, check=True)
    return json.loads(answer.stdout)["tasks_per_second"]


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("zonda")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--tasks", type=int, default=3_000_000)
    options.add_argument("--attack", choices=[attack.__name__ for attack in ATTACKS])
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        keys = os.path.join(directory, "keys")
        port = random.randrange(12_000, 32_000, 16)
        address = f"tcp://127.0.0.1:{port}"
        os.environ["ZONDA_KEYS"] = keys
        for words in (["init", "-q"], ["add", "--role", "worker", "--name", "gone"]):
            subprocess.run([given.zonda, "keys", *words], check=True, capture_output=True)
        shutil.copy(os.path.join(keys, "gone.key"), keys + REVOKED)
        subprocess.run([given.zonda, "keys", "revoke", "gone", "-y"], check=True, capture_output=True)
        broker = subprocess.Popen([given.zonda, "broker", "start", "--memory", "-q", "--bind", address],
                                  stderr=subprocess.DEVNULL)
        worker = subprocess.Popen([given.zonda, "worker", "start", "-b", address, "-q", "--slots", "2",
                                   "--isolation", "thread"])
        try:
            throughput(given.zonda, address, given.tasks)
            for attack in ATTACKS:
                if given.attack and attack.__name__ != given.attack:
                    continue
                ratios = []
                for _ in range(given.rounds):
                    alone = throughput(given.zonda, address, given.tasks)
                    attacker = multiprocessing.Process(target=attack, args=(port, keys), daemon=True)
                    attacker.start()
                    beside = throughput(given.zonda, address, given.tasks)
                    attacker.kill()
                    attacker.join()
                    ratios.append(beside / alone)
                status = json.loads(subprocess.run([given.zonda, "status", "-b", address, "-o", "json"],
                                                   capture_output=True, check=True).stdout)
                rounds = " ".join(f"{ratio:.2f}" for ratio in sorted(ratios))
                counted = " ".join(f"{name}={status[name]}" for name in COUNTED)
                median = statistics.median(ratios)
                print(f"{attack.__name__:12} {median:.2f}  ({rounds})  {counted}", flush=True)
            if broker.poll() is not None or worker.poll() is not None:
                sys.exit("the broker or the worker ended")
        finally:
            worker.terminate()
            worker.wait()
            broker.terminate()
            broker.wait()


if __name__ == "__main__":
    main()
