"""zonda up and zonda down."""
import os
import signal
import stat

import harness
from harness import CliTest


class Up(CliTest):
    def processes(self):
        """Of this test: their environment names its address."""
        mark = ("ZONDA_BROKER=" + self.address).encode()
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/environ", "rb") as environ:
                    if mark in environ.read().split(b"\0"):
                        found.append(int(pid))
            except OSError:
                continue
        return found

    def tearDown(self):
        self.zonda("down")
        self.until(lambda: not self.processes(), "all processes to end")

    def test_in_front(self):
        up = self.start("up", "--workers", "2", "--slots", "1")
        self.assertIn(self.address.encode(), up.stdout.readline())
        self.assertEqual(len(self.zonda("worker", "list", "-q").lines()), 2)
        self.expect(self.zonda("up"), 4, "runs already")
        self.assertEqual(self.zonda("run", "--", "echo", "hi").out, "hi\n")
        up.send_signal(signal.SIGINT)
        self.assertEqual(up.wait(harness.TIMEOUT), 0)
        self.assertEqual(self.processes(), [])

    def test_in_the_background(self):
        document = self.zonda("up", "-d", "--slots", "1", "-o", "json").json()
        self.assertEqual((document["schema"], document["broker"], document["workers"]),
                         ("zonda.up/1", self.address, 1))
        self.expect(self.zonda("check", "workers", "--min", "1"), 0)
        self.assertEqual(stat.S_IMODE(os.stat(self.path("zonda")).st_mode), 0o700)
        self.expect(self.zonda("up"), 4, "zonda down")
        self.expect(self.zonda("down"), 0)
        self.assertEqual(self.processes(), [])
        self.expect(self.zonda("down"), 3, "no 'zonda up'")

    def test_it_says_how_it_is_stopped(self):
        up = self.zonda("up", "-d", "--slots", "1", "-b", self.address)
        self.assertIn(f"stop     zonda down -b {self.address}\n", up.out)
        self.expect(self.zonda("up", "-b", self.address), 4, f"'zonda down -b {self.address}' stops it")
        self.expect(self.zonda("down", "-b", self.address), 0)

    def test_down_stops_one_in_front(self):
        up = self.start("up", "--slots", "1")
        up.stdout.readline()
        self.expect(self.zonda("down"), 0)
        self.assertEqual(up.wait(harness.TIMEOUT), 0)

    def test_killed_parents_leave_no_children(self):
        up = self.start("up", "--slots", "1")
        up.stdout.readline()
        self.assertGreaterEqual(len(self.processes()), 3)
        up.kill()
        up.wait()
        self.until(lambda: not self.processes(), "the children to end")

    def test_data_outlives_it(self):
        self.expect(self.zonda("up", "-d", "--slots", "1", "--data", "kept"), 0)
        job = self.zonda("submit", "--", "echo", "kept").out.strip()
        self.expect(self.zonda("job", "wait", job), 0)
        self.expect(self.zonda("down"), 0)
        self.expect(self.zonda("up", "-d", "--slots", "1", "--data", "kept"), 0)
        self.assertEqual(self.expect(self.zonda("job", "result", job), 0).out, "kept\n")

    def test_what_dies_starts_again_and_nothing_is_lost(self):
        self.expect(self.zonda("up", "-d", "--slots", "1", "--data", "kept"), 0)
        job = self.zonda("submit", "--array", "0-9", "--", "sh", "-c", "echo {}").out.strip()
        for words in (b"broker", b"start"), (b"worker", b"start"):
            os.kill(self.process(words), signal.SIGKILL)
        self.expect(self.zonda("job", "wait", job), 0)
        self.expect(self.zonda("check", "ready"), 0)
        self.expect(self.zonda("down"), 0)

    def process(self, words):
        """The one that was started with these words."""
        def command(pid):
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                return file.read().split(b"\0")
        found = [pid for pid in self.processes() if tuple(command(pid)[1:3]) == words]
        self.assertEqual(len(found), 1)
        return found[0]

    def test_what_dies_too_often_stays_dead(self):
        up = self.start("up", "--workers", "0", "--data", "kept")
        up.stdout.readline()
        for _ in range(6):
            broker = self.process((b"broker", b"start"))
            os.kill(broker, signal.SIGKILL)
            self.until(lambda gone=broker: up.poll() is not None or self.other_broker(gone), "another broker")
        self.assertEqual(up.wait(harness.TIMEOUT), 1)
        self.assertIn(b"too often to start again", up.stderr.read())

    def other_broker(self, gone):
        try:
            return self.process((b"broker", b"start")) != gone
        except (AssertionError, OSError):
            return False

    def test_a_directory_that_is_there_takes_a_store_with_init(self):
        os.mkdir(self.path("there"))
        self.expect(self.zonda("up", "--slots", "1", "--data", "there"), 4, "--init makes a store in it")
        self.expect(self.zonda("up", "-d", "--slots", "1", "--data", "there", "--init"), 0)
        self.assertEqual(self.zonda("status", "-o", "json").json()["durability"], "fsync")
        self.assertIn("store.sqlite", os.listdir(self.path("there")))
        self.expect(self.zonda("down"), 0)
        self.expect(self.zonda("up", "--init"), 2, "--data DIR names it")

    def test_an_address_in_use_is_told_and_nothing_else(self):
        broker = self.start("broker", "start", "--memory", "--bind", self.address, "--quiet")
        self.until(lambda: self.zonda("check", "ready", "--connect-timeout", "500ms").code == 0, "the broker")
        for _ in range(5):  # whether it answers before ours has ended is a race
            answer = self.expect(self.zonda("up", "--slots", "1"), 1, "is in use")
            self.assertEqual(answer.out, "")
            answer = self.expect(self.zonda("up", "-d", "--slots", "1"), 1,
                                 "^zonda: it did not start: port [0-9]+ is in use .*\nhint: see .*log\n$")
            self.assertEqual(answer.out, "")
        broker.send_signal(signal.SIGTERM)
        self.assertEqual(broker.wait(harness.TIMEOUT), 0)

    def test_every_down_waits_until_all_is_gone(self):
        self.expect(self.zonda("up", "-d", "--slots", "1"), 0)
        go = self.path("go")
        job = self.zonda("submit", "--shell", "--", f"while ! [ -e {go} ]; do sleep 0.02; done").out.strip()
        self.until(lambda: self.zonda("task", "list", job, "--state", "running", "-q").lines(), "the task")
        first = self.start("down")
        self.until(lambda: self.zonda("worker", "list", "-o", "json").json()["workers"][0]["state"] ==
                   "draining", "the drain")
        self.expect(self.zonda("down", "--timeout", "300ms"), 7, "still drains")
        second = self.start("down")
        self.expect(self.zonda("down", "--timeout", "300ms"), 7)
        self.assertIsNone(second.poll())
        self.assertIsNone(first.poll())
        open(go, "w", encoding="utf-8").close()
        self.assertEqual((first.wait(harness.TIMEOUT), second.wait(harness.TIMEOUT)), (0, 0))
        self.assertEqual(self.processes(), [])

    def test_a_broker_that_does_not_start_is_told(self):
        answer = self.zonda("up", "-b", "tcp://203.0.113.1:5570")
        self.assertNotEqual(answer.code, 0)
        self.assertIn("the broker did not start", answer.err)


if __name__ == "__main__":
    harness.run(needs_broker=True)
