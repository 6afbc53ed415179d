#!/usr/bin/env python3
"""proxy.py --listen PORT --target PORT [--seed N] [--every SECONDS]: a TCP proxy that breaks connections.

Three ports in a row, as a broker has them, each forwarded to the same port of the target. Faults: a stall of
one direction or both, a silent drop (both ends keep a connection that carries nothing any more, not even its
end), a reset, a delay, tiny segments, and a time in which new connections are reset.
"""
import argparse
import asyncio
import math
import random
import socket
import struct
import sys
import threading
import time

UP, DOWN = 0, 1  # to the broker, from it
PORTS = 3
CHUNK = 64 * 1024
FAULTS = {"reset": 5, "drop": 2, "stall": 4, "delay": 3, "split": 3, "refuse": 1}  # kind: weight


class Link:
    """A connection of a peer, and the one to the broker that stands for it."""

    def __init__(self, near, far):
        self.ends = (near, far)  # of (reader, writer)
        self.gates = (asyncio.Event(), asyncio.Event())
        for gate in self.gates:
            gate.set()
        self.dropped = False
        self.delay = 0.0
        self.split = False

    async def run(self):
        await asyncio.gather(self.pump(UP), self.pump(DOWN))
        for _, writer in self.ends:
            writer.close()

    async def pump(self, direction):
        reader, writer = self.ends[direction][0], self.ends[1 - direction][1]
        try:
            while data := await reader.read(CHUNK):
                await self.gates[direction].wait()
                if self.delay:
                    await asyncio.sleep(self.delay)
                if not self.dropped:
                    await self.forward(writer, data)
            if not self.dropped:
                writer.write_eof()
        except (ConnectionError, OSError, RuntimeError):
            self.reset()

    async def forward(self, writer, data):
        step = 7 if self.split and len(data) < 2_000 else 1_400 if self.split else len(data)
        for at in range(0, len(data), step):
            writer.write(data[at:at + step])
            await writer.drain()

    def reset(self):
        for _, writer in self.ends:
            reset(writer)

    async def stall(self, directions, seconds):
        for direction in directions:
            self.gates[direction].clear()
        await asyncio.sleep(seconds)
        for direction in directions:
            self.gates[direction].set()

    async def slow_down(self, seconds, delay=0.0, split=False):
        self.delay, self.split = delay, split
        await asyncio.sleep(seconds)
        self.delay, self.split = 0.0, False


def reset(writer):
    """Ends a connection with RST instead of FIN."""
    connection = writer.get_extra_info("socket")
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    except (OSError, AttributeError):  # it is gone
        pass
    writer.transport.abort()


class FaultProxy:
    """Runs in a thread of its own. Faults are asked for from outside; `counts` says how many hit a
    connection."""

    def __init__(self, listen, target, seed=0):
        self.listen, self.target = listen, target
        self.random = random.Random(seed)
        self.counts = dict.fromkeys(FAULTS, 0)
        self.links = []
        self.tasks = set()
        self.refuse_until = 0.0
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def start(self):
        self.thread.start()
        self.call(self.open())

    def stop(self):
        self.call(self.close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def fault(self, kind=None):
        """One fault of this kind, else of any; returns what it was."""
        return self.call(self.strike(kind))

    def cut_off(self):
        """No connection carries anything any more, and there are no new ones until heal()."""
        self.call(self.cut())

    def heal(self):
        """Ends what would end by itself. Dropped connections stay so: their peers are to notice."""
        self.call(self.end_faults())

    def call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(30)

    async def open(self):
        self.servers = [await self.serve(number) for number in range(PORTS)]

    async def serve(self, number):
        async def on_connection(reader, writer):
            await self.connect((reader, writer), self.target + number)

        return await asyncio.start_server(on_connection, "127.0.0.1", self.listen + number, backlog=512)

    async def connect(self, near, port):
        if time.monotonic() < self.refuse_until:
            return reset(near[1])
        try:
            far = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return reset(near[1])
        link = Link(near, far)
        self.links.append(link)
        try:
            await link.run()
        except asyncio.CancelledError:
            link.reset()
        finally:
            self.links.remove(link)

    async def strike(self, kind):
        kind = kind or self.random.choices(list(FAULTS), FAULTS.values())[0]
        if kind == "refuse":
            self.refuse_until = time.monotonic() + self.random.uniform(0.2, 3)
            self.counts[kind] += 1
            return kind
        hit = [link for link in self.links if not link.dropped]
        if hit and self.random.random() < 0.85:
            hit = [self.random.choice(hit)]
        self.counts[kind] += len(hit)
        for link in hit:
            self.hurt(link, kind)
        return f"{kind} of {len(hit)}"

    def hurt(self, link, kind):
        if kind == "reset":
            link.reset()
        elif kind == "drop":
            link.dropped = True
        elif kind == "stall":
            directions = self.random.choice(((UP,), (DOWN,), (UP, DOWN)))
            longest = 20 if self.random.random() < 0.1 else 3
            self.spawn(link.stall(directions, self.random.uniform(0.1, longest)))
        elif kind == "delay":
            self.spawn(link.slow_down(self.random.uniform(1, 5), delay=self.random.uniform(0.002, 0.05)))
        else:
            self.spawn(link.slow_down(self.random.uniform(1, 5), split=True))

    async def cut(self):
        self.refuse_until = math.inf
        for link in self.links:
            link.dropped = True
        self.counts["drop"] += len(self.links)

    async def end_faults(self):
        self.refuse_until = 0.0
        for link in self.links:
            link.delay, link.split = 0.0, False
            for gate in link.gates:
                gate.set()

    def spawn(self, coroutine):
        task = self.loop.create_task(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def close(self):
        for server in self.servers:
            server.close()
        for link in list(self.links):
            link.reset()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("--listen", type=int, required=True)
    options.add_argument("--target", type=int, required=True)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--every", type=float, default=1.0, help="seconds between faults, on average")
    words = options.parse_args()
    proxy = FaultProxy(words.listen, words.target, words.seed)
    proxy.start()
    try:
        while True:
            time.sleep(proxy.random.expovariate(1 / words.every))
            print(proxy.fault(), file=sys.stderr, flush=True)
    except KeyboardInterrupt:
        proxy.stop()


if __name__ == "__main__":
    main()
