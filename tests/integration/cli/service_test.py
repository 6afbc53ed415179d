"""The broker and the worker under a service manager: what they tell it, and what their units say.

The manager is a socket; systemd itself does not run here, but its checks of unit files do.
"""
import glob
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

import harness
from harness import CliTest

UNITS = os.path.join(os.path.dirname(__file__), "../../../deploy/systemd")
WATCHDOG_USEC = 400_000


class Manager:
    """Hears what a service says."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.environment = {"NOTIFY_SOCKET": path, "WATCHDOG_USEC": str(WATCHDOG_USEC)}
        self.heard = []

    def hear(self, wanted, patience=harness.TIMEOUT):
        """Until a message with such a line; False if none comes in time."""
        end = time.monotonic() + patience
        while True:
            ready = select.select([self.socket], [], [], max(0.0, end - time.monotonic()))[0]
            if not ready:
                return False
            said = self.socket.recv(4096).decode()
            self.heard.append((time.monotonic(), said))
            if any(line.startswith(wanted) for line in said.splitlines()):
                return True

    def close(self):
        self.socket.close()


class Notify(CliTest):
    def setUp(self):
        self.managers = []

    def tearDown(self):
        for manager in self.managers:
            manager.close()

    def manager(self, name):
        self.managers.append(Manager(self.path(name)))
        return self.managers[-1]

    def assert_watched(self, manager):
        """It says more than once in the time that it has that its loop turns; nobody asks it to."""
        times = []
        while len(times) < 5:
            self.assertTrue(manager.hear("WATCHDOG=1"))
            times.append(manager.heard[-1][0])
        self.assertGreater(times[-1] - times[0], 4 * WATCHDOG_USEC / 1e6 / 2 * 0.8)  # and not without need

    def test_a_broker_is_ready_alive_and_stops(self):
        manager = self.manager("broker.notify")
        broker = self.start("broker", "start", "--memory", "--http", "off", "--bind", self.address,
                            env=manager.environment)
        self.assertTrue(manager.hear("READY=1"))
        self.assertIn(f"STATUS=listens on {self.address}", manager.heard[-1][1])
        self.expect(self.zonda("check", "ready"), 0)
        self.assert_watched(manager)
        broker.send_signal(signal.SIGTERM)
        self.assertTrue(manager.hear("STOPPING=1"))
        self.assertEqual(broker.wait(harness.TIMEOUT), 0)

    def test_a_loop_that_hangs_says_nothing(self):
        manager = self.manager("hang.notify")
        broker = self.start("broker", "start", "--memory", "--bind", "tcp://127.0.0.1:0",
                            env=manager.environment)
        self.assertTrue(manager.hear("WATCHDOG=1"))
        os.kill(broker.pid, signal.SIGSTOP)
        while manager.hear("WATCHDOG=1", patience=WATCHDOG_USEC / 1e6):  # what was on its way
            pass
        self.assertFalse(manager.hear("WATCHDOG=1", patience=WATCHDOG_USEC / 1e6 * 2))
        os.kill(broker.pid, signal.SIGCONT)
        self.assertTrue(manager.hear("WATCHDOG=1"))
        broker.send_signal(signal.SIGTERM)
        self.assertEqual(broker.wait(harness.TIMEOUT), 0)

    def test_a_broker_that_reads_its_store_asks_for_time(self):
        data = self.path("data")
        first = self.start("broker", "start", "--data", data, "-q", "--bind", self.address)
        self.until(lambda: self.zonda("check", "live").code == 0, "the broker")
        first.send_signal(signal.SIGTERM)
        first.wait(harness.TIMEOUT)
        manager = self.manager("store.notify")
        again = self.start("broker", "start", "--data", data, "-q", "--bind", self.address,
                           env=manager.environment)
        self.assertTrue(manager.hear("READY=1"))
        self.assertIn("EXTEND_TIMEOUT_USEC=30000000\nSTATUS=reads its store\n", manager.heard[0][1])
        again.send_signal(signal.SIGTERM)
        again.wait(harness.TIMEOUT)

    def test_a_worker_tells_whether_it_is_connected_and_its_tasks_do_not_speak_for_it(self):
        manager = self.manager("worker.notify")
        worker = self.start("worker", "start", "--slots", "1", env=manager.environment)
        self.assertTrue(manager.hear("READY=1"))  # also without a broker: that may come later
        broker = self.start("broker", "start", "--memory", "-q", "--bind", self.address)
        self.assertTrue(manager.hear("STATUS=connected"))
        says = "echo \"$NOTIFY_SOCKET$WATCHDOG_USEC\""
        self.assertEqual(self.zonda("run", "--shell", "--", says).out, "\n")
        self.assert_watched(manager)
        worker.send_signal(signal.SIGTERM)
        self.assertTrue(manager.hear("STOPPING=1"))
        self.assertEqual(worker.wait(harness.TIMEOUT), 0)
        broker.send_signal(signal.SIGTERM)
        broker.wait(harness.TIMEOUT)

    def test_nobody_listens(self):
        for path in ("", "relative", "/nonexistent/socket", "/" + "x" * 200, "@abstract-and-nobody-there"):
            broker = self.start("broker", "start", "--memory", "--bind", "tcp://127.0.0.1:0",
                                env={"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "nonsense"})
            self.lines_until(broker, "broker-ready")
            broker.send_signal(signal.SIGTERM)
            self.assertEqual(broker.wait(harness.TIMEOUT), 0)


def settings(unit):
    with open(os.path.join(UNITS, unit), encoding="utf-8") as file:
        return dict(line.split("=", 1) for line in file.read().splitlines() if re.match(r"\w+=", line))


def seconds(text):
    return int(text[:-1]) * {"s": 1, "m": 60, "h": 3600}[text[-1]]


class Units(CliTest):
    def test_a_drain_is_shorter_than_the_manager_waits(self):
        worker = settings("zonda-worker.service")
        drain = seconds(re.search(r"--drain-timeout (\w+)", worker["ExecStart"]).group(1))
        self.assertGreaterEqual(int(worker["TimeoutStopSec"]), drain + 10)
        self.assertEqual(worker["KillMode"], "mixed", "or what it runs would be told to end, too")
        self.assertEqual(settings("zonda-pool.service")["KillMode"], "process")

    def test_what_they_start_is_what_the_tool_knows(self):
        for unit in glob.glob(UNITS + "/*.service"):
            words = settings(os.path.basename(unit))["ExecStart"].split()
            self.assertEqual(words[0], "/usr/bin/zonda")
            help_text = self.expect(self.zonda(*words[1:3], "--help"), 0).out
            for word in words[3:]:
                if word.startswith("--"):
                    self.assertIn(word + " ", help_text)

    @unittest.skipUnless(shutil.which("systemd-analyze"), "no systemd-analyze")
    def test_systemd_finds_nothing_to_say(self):
        with tempfile.TemporaryDirectory() as directory:
            for unit in glob.glob(UNITS + "/*.service"):
                with open(unit, encoding="utf-8") as file:
                    text = file.read().replace("/usr/bin/zonda", harness.BINARY)
                with open(os.path.join(directory, os.path.basename(unit)), "w", encoding="utf-8") as file:
                    file.write(text)
            for unit in glob.glob(directory + "/*.service"):
                check = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True,
                                       timeout=harness.TIMEOUT, check=False)
                self.assertEqual((check.returncode, check.stderr, check.stdout), (0, b"", b""), unit)

    @unittest.skipUnless(shutil.which("systemd-analyze"), "no systemd-analyze")
    def test_the_broker_is_locked_in(self):
        check = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=15",
                                os.path.join(UNITS, "zonda-broker.service")], capture_output=True,
                               timeout=harness.TIMEOUT, check=False)
        self.assertEqual(check.returncode, 0, check.stdout.decode()[-300:])

    @unittest.skipUnless(shutil.which("systemd-sysusers"), "no systemd-sysusers")
    def test_the_users_are_made(self):
        with tempfile.TemporaryDirectory() as root:
            os.mkdir(os.path.join(root, "etc"))
            subprocess.run(["systemd-sysusers", "--root", root, os.path.join(UNITS, "zonda.sysusers")],
                           check=True, capture_output=True, timeout=harness.TIMEOUT)
            with open(os.path.join(root, "etc/passwd"), encoding="utf-8") as file:
                names = {line.split(":")[0] for line in file}
            users = {settings(os.path.basename(unit))["User"] for unit in glob.glob(UNITS + "/*.service")}
            self.assertEqual(users - names, set())


if __name__ == "__main__":
    harness.run(needs_broker=True)
