"""Runs the zonda binary as people do: words in, output and exit code out.

Nothing here waits by sleeping: readiness is a line of output, an exit, or the answer of another command.
"""
import json
import os
import random
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

TIMEOUT = 60  # seconds; reached only if something hangs
BINARY = None


class Answer:
    def __init__(self, process):
        self.code = process.returncode
        self.raw = process.stdout
        self.out = process.stdout.decode(errors="replace")
        self.err = process.stderr.decode(errors="replace")

    def json(self):
        return json.loads(self.out)

    def lines(self):
        return self.out.splitlines()

    def __repr__(self):
        return f"exit code {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


def free_port():
    """A port whose nine neighbours are free too; below 32768, where no outgoing connection sits."""
    while True:
        base = random.randrange(10_000, 32_700, 16)
        try:
            for port in (base, base + 1, base + 2, base + 10):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
            return base
        except OSError:
            continue


def select_readable(stream):
    return bool(select.select([stream], [], [], 0)[0])


class CliTest(unittest.TestCase):
    """A directory of its own as home, runtime directory and working directory."""

    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.mkdtemp(prefix="zonda-cli-")
        cls.address = f"tcp://127.0.0.1:{free_port()}"
        cls.environment = {"PATH": os.environ["PATH"], "HOME": cls.directory,
                           "XDG_RUNTIME_DIR": cls.directory,
                           "ZONDA_BROKER": cls.address, "LC_ALL": "C.UTF-8"}
        cls.started = []

    @classmethod
    def tearDownClass(cls):
        for process in reversed(cls.started):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in cls.started:
            try:
                process.wait(TIMEOUT)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            for stream in (process.stdin, process.stdout, process.stderr):
                try:
                    if stream:
                        stream.close()
                except BrokenPipeError:  # what was written to a process that had left
                    pass
        shutil.rmtree(cls.directory, ignore_errors=True)

    @classmethod
    def zonda(cls, *words, stdin=b"", env=None, cwd=None):
        return Answer(subprocess.run([BINARY, *words], input=stdin, capture_output=True, timeout=TIMEOUT,
                                     env={**cls.environment, **(env or {})}, cwd=cwd or cls.directory))

    @classmethod
    def start(cls, *words, env=None):
        process = subprocess.Popen([BINARY, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env={**cls.environment, **(env or {})},
                                   cwd=cls.directory)
        cls.started.append(process)
        return process

    @classmethod
    def until(cls, condition, what):
        end = time.monotonic() + TIMEOUT
        while time.monotonic() < end:
            if condition():
                return
        raise AssertionError("waited in vain for " + what)

    @classmethod
    def lines_until(cls, process, text):
        """Of its log; raises if it ends before."""
        log = b""
        end = time.monotonic() + TIMEOUT
        while text.encode() not in log:
            readable = select.select([process.stderr], [], [], max(0.0, end - time.monotonic()))[0]
            more = os.read(process.stderr.fileno(), 1 << 16) if readable else b""
            if not more:
                raise AssertionError(f"no {text!r} in " + log.decode())
            log += more
        return log.decode()

    def path(self, name):
        return os.path.join(self.directory, name)

    def expect(self, answer, code, err=None):
        self.assertEqual(answer.code, code, answer)
        if err:
            self.assertRegex(answer.err, err)
        return answer


class ClusterTest(CliTest):
    """With a broker in memory and one worker of two slots."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.up = cls.start("up", "--slots", "2")
        if not cls.up.stdout.readline():
            cls.up.wait(TIMEOUT)
            why = cls.up.stderr.read().decode()
            cls.tearDownClass()
            raise AssertionError("zonda up did not start: " + why)


class GuardedTest(CliTest):
    """With a broker in memory that asks for keys, and the directory of them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.keys = os.path.join(cls.directory, "keys")
        cls.zonda("keys", "init", "--keys", cls.keys)
        cls.environment["ZONDA_KEYS"] = cls.keys
        cls.broker = cls.start("broker", "start", "--memory", "--bind", cls.address)
        cls.lines_until(cls.broker, "broker-ready")

    def status(self):
        return self.zonda("status", "-o", "json").json()

    def key(self, name):
        return os.path.join(self.keys, name + ".key")


def run(needs_broker):
    """The main program of a test file: FILE BINARY [options of unittest]."""
    global BINARY
    if len(sys.argv) < 2:
        sys.exit(f"usage: {sys.argv[0]} ZONDA [options of unittest]")
    BINARY = os.path.abspath(sys.argv.pop(1))
    if needs_broker:
        probe = subprocess.run([BINARY, "broker", "start", "--memory", "--bind", "tcp://nowhere:x"],
                               capture_output=True, timeout=TIMEOUT)
        if b"has no broker in it" in probe.stderr:
            print("skipped: this build has no broker in it")
            sys.exit(77)
    unittest.main(verbosity=2)
