"""Starts and ends a broker, workers and clients as processes of their own, in a directory of their own.

Whatever is started here, and whatever that starts, carries a mark in its environment; close() finds by it
what was left behind.
"""
import collections
import json
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
import uuid

MARK = "CHAOS_MARK"
EXECUTION = struct.Struct("=QqIi")  # as chaos_worker writes it: number, began_ns, attempt, pid
PATIENCE = 60  # seconds; reached only if something hangs

Execution = collections.namedtuple("Execution", "number began_ns attempt pid")


def free_ports():
    """The first of three ports in a row that nobody has; below 32768, where no outgoing connection sits."""
    while True:
        base = random.SystemRandom().randrange(10_000, 32_700, 8)
        try:
            for port in range(base, base + 3):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
            return base
        except OSError:
            continue


def wait_until(condition, what, seconds=PATIENCE, pause=0.02):
    """What the condition gave once it was true."""
    end = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds} s in vain for {what}")
        time.sleep(pause)


def parent_of(pid):
    """0 if there is no such process, or none that still runs."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            state, parent = file.read().rsplit(")", 1)[1].split()[:2]
        return 0 if state in "ZX" else int(parent)
    except OSError:
        return 0


def children_of(pid):
    return [int(each) for each in os.listdir("/proc") if each.isdigit() and parent_of(each) == pid]


def words_of(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def signal_quietly(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def stop_on_signal(number, frame):
    raise SystemExit(128 + number)  # through close()


class Cluster:
    def __init__(self, build, durable=False, keep=False):
        signal.signal(signal.SIGTERM, stop_on_signal)
        self.build = os.path.abspath(build)
        self.durable, self.keep = durable, keep
        self.directory = tempfile.mkdtemp(prefix="zonda-chaos-")
        self.mark = uuid.uuid4().hex
        self.port = free_ports()
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.executions_path = self.path("executions")
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": self.directory, "XDG_RUNTIME_DIR": self.directory,
            "ZONDA_BROKER": self.address, "LC_ALL": "C.UTF-8", "CHAOS_EXECUTIONS": self.executions_path,
            MARK: self.mark}
        self.broker = None
        self.started = []
        self.logs = 0

    def path(self, *names):
        return os.path.join(self.directory, *names)

    def program(self, name):
        """Of the build, or of the tests in it."""
        place = {"zonda": ("cli",), "depth_client": ("tests", "bench")}.get(name, ("tests", "chaos"))
        return os.path.join(self.build, *place, name)

    def start(self, label, program, *words, env=None, **streams):
        """A process whose stderr goes to a file, as its stdout does unless told otherwise."""
        self.logs += 1
        path = self.path(f"{self.logs:05}-{label}.log")
        with open(path, "wb") as log:
            streams = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, **streams}
            process = subprocess.Popen([self.program(program), *words], cwd=self.directory,
                                       env={**self.environment, **(env or {})}, **streams)
        process.label, process.log = label, path
        self.started.append(process)
        return process

    def zonda(self, *words, seconds=PATIENCE):
        return subprocess.run([self.program("zonda"), *words], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=seconds, env=self.environment, cwd=self.directory)

    def start_broker(self):
        store = ("--data", self.path("store")) if self.durable else ("--memory",)
        self.broker = self.start("broker", "zonda", "broker", "start", "--bind", self.address, *store)
        return self.broker

    def start_worker(self, name, *words, address=None):
        address = address or self.address
        return self.start(name, "chaos_worker", "--name", name, "--broker", address, *words)

    def wait_ready(self):
        def ready():
            if self.broker.poll() is not None:
                raise RuntimeError(f"the broker ended with {self.broker.returncode}: see {self.directory}")
            return self.zonda("check", "ready", "--connect-timeout", "500ms").returncode == 0

        wait_until(ready, "the broker")

    def wait_workers(self, count):
        wait_until(lambda: self.zonda("check", "workers", "--min", str(count)).returncode == 0,
                   f"{count} workers", pause=0.1)

    def status(self):
        """The counts of the broker; None if it does not answer."""
        answer = self.zonda("status", "-o", "json", "--connect-timeout", "2s")
        return json.loads(answer.stdout) if answer.returncode == 0 else None

    def executions(self):
        """Every start of a task of chaos_worker, in their order."""
        try:
            with open(self.executions_path, "rb") as file:
                data = file.read()
        except FileNotFoundError:
            return []
        whole = len(data) - len(data) % EXECUTION.size
        return [Execution(*each) for each in EXECUTION.iter_unpack(data[:whole])]

    def forget(self, process):
        """It ended, and nobody needs to look at it again."""
        process.wait(PATIENCE)
        for stream in (process.stdin, process.stdout):
            if stream:
                stream.close()
        self.started.remove(process)

    def kill(self, process):
        process.kill()
        self.forget(process)

    def end(self, process, seconds=PATIENCE):
        """As an operator would. The exit code."""
        process.terminate()
        process.send_signal(signal.SIGCONT)
        return process.wait(seconds)

    def is_ours(self, pid):
        """Whether a living process carries the mark."""
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                return f"{MARK}={self.mark}".encode() in file.read().split(b"\0") and parent_of(pid) > 0
        except OSError:
            return False

    def left_behind(self):
        """(pid, words) of every living process that carries the mark."""
        pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
        return [(pid, words_of(pid)) for pid in pids if self.is_ours(pid)]

    def close(self):
        """Ends everything, and leaves nothing. Returns what end_all() did."""
        left = self.end_all()
        self.remove()
        return left

    def end_all(self):
        """Returns (pid, words) of what had been left behind by processes that are gone."""
        for process in list(self.started):
            if process.poll() is None:
                process.kill()
            self.forget(process)
        try:
            wait_until(lambda: not self.left_behind(), "children to end", 15, pause=0.2)
            left = []
        except TimeoutError:
            left = self.left_behind()
        for pid, _ in left:
            signal_quietly(pid, signal.SIGKILL)
        return left

    def remove(self):
        if not self.keep:
            shutil.rmtree(self.directory, ignore_errors=True)
