"""What a worker does with finished tasks while there is no broker to take them."""
import os
import re
import signal
import subprocess

import harness
from harness import CliTest


class Outbox(CliTest):
    def start_broker(self):
        broker = self.start("broker", "start", "--bind", self.address, "--data", self.path("data"))
        self.until(lambda: self.zonda("check", "ready", "--connect-timeout", "500ms").code == 0, "the broker")
        return broker

    def start_worker(self, *words):
        worker = self.start("worker", "start", "--spool", self.path("spool"), *words)
        self.until(lambda: self.zonda("check", "workers", "--min", "1").code == 0, "the worker")
        return worker

    def spooled(self, worker):
        """Bytes on disk in the file without a name."""
        directory = f"/proc/{worker.pid}/fd"
        for name in os.listdir(directory):
            try:
                if os.readlink(os.path.join(directory, name)).startswith(self.path("spool")):
                    return os.stat(os.path.join(directory, name)).st_blocks * 512
            except FileNotFoundError:  # closed meanwhile
                pass
        raise AssertionError("no spool is open")

    def memory(self, worker, what):
        with open(f"/proc/{worker.pid}/status", encoding="utf-8") as file:
            return int(re.search(what + r":\s+(\d+) kB", file.read()).group(1)) * 1024

    def test_results_outlive_a_broker_that_is_gone(self):
        tasks, size = 32, 12 << 20
        broker = self.start_broker()
        worker = self.start_worker("--slots", str(tasks))
        turns, runs = self.path("turns"), self.path("runs")
        os.mkdir(turns)
        for turn in range(tasks):
            os.mkfifo(os.path.join(turns, str(turn)))
        script = (f"read turn < {turns}/$ZONDA_INDEX; echo $ZONDA_INDEX >> {runs}; "
                  f"head -c {size} /dev/zero | tr '\\0' x")
        job = self.zonda("submit", "--array", f"0-{tasks - 1}", "--shell", "--", script).out.strip()
        self.until(lambda: self.zonda("status", "-o", "json").json()["running"] == tasks, "all to run")
        broker.kill()
        broker.wait(harness.TIMEOUT)
        for turn in range(tasks):  # one result after another: those under way are in memory, too
            with open(os.path.join(turns, str(turn)), "w", encoding="utf-8") as fifo:
                fifo.write("\n")
            spooled = (turn + 1) * size - (72 << 20)  # all but what memory may keep
            self.until(lambda: self.spooled(worker) >= spooled, "results on disk")  # noqa: B023
        self.assertEqual(os.listdir(self.path("spool")), [])
        peak = self.memory(worker, "VmHWM")
        self.assertLess(peak, 256 << 20)  # 64 MiB, and copies of what is on its way
        self.start_broker()
        self.expect(self.zonda("job", "wait", job), 0)
        self.assertEqual(self.zonda("job", "result", job).raw.count(b"x"), tasks * size)
        with open(runs, encoding="utf-8") as file:
            self.assertEqual(sorted(map(int, file.read().split())), list(range(tasks)))
        self.until(lambda: self.spooled(worker) == 0, "an empty spool")
        worker.send_signal(signal.SIGTERM)
        self.assertEqual(worker.wait(harness.TIMEOUT), 0)


class Left(CliTest):
    def test_what_nobody_takes_before_the_drain_ends_is_dropped_and_runs_again(self):
        words = ["broker", "start", "--bind", self.address, "--data", self.path("data")]
        broker = self.start(*words)
        worker = self.start("worker", "start", "--name", "leaves", "--drain-timeout", "1s")
        runs, go = self.path("runs"), self.path("go")
        job = self.zonda("submit", "--shell", "--",
                         f"echo $$ >> {runs}; until [ -e {go} ]; do sleep 0.02; done").out.strip()
        self.until(lambda: os.path.exists(runs) and os.path.getsize(runs) > 0, "the task to run")
        broker.kill()
        broker.wait(harness.TIMEOUT)
        open(go, "w", encoding="utf-8").close()
        with open(runs, encoding="utf-8") as file:
            command = f"/proc/{file.read().strip()}"
        self.until(lambda: not os.path.exists(command), "its end")
        worker.send_signal(signal.SIGTERM)
        self.assertEqual(worker.wait(harness.TIMEOUT), 0)
        self.assertIn("outcomes-dropped tasks=1", worker.stderr.read().decode())
        self.start(*words)
        self.start("worker", "start", "--name", "next")
        self.expect(self.zonda("job", "wait", job), 0)
        with open(runs, encoding="utf-8") as file:
            self.assertEqual(len(file.readlines()), 2)
        self.assertEqual(self.zonda("task", "info", job + "/0", "-o", "json").json()["worker"], "next")


class Orphan(CliTest):
    def test_a_worker_leaves_when_its_broker_does_not_come_back(self):
        worker = self.start("worker", "start", "--orphan-timeout", "300ms")
        self.assertEqual(worker.wait(harness.TIMEOUT), 6)
        self.assertRegex(worker.stderr.read().decode(), "orphaned no broker .*outcomes_dropped=0")

    def test_what_runs_ends_with_it(self):
        broker = self.start("broker", "start", "--memory", "--bind", self.address)
        worker = self.start("worker", "start", "--orphan-timeout", "200ms")
        pid = self.path("pid")
        self.zonda("submit", "--shell", "--", f"echo $$ > {pid}; exec sleep 1000")
        self.until(lambda: os.path.exists(pid) and os.path.getsize(pid) > 0, "the task to run")
        broker.kill()
        self.assertEqual(worker.wait(harness.TIMEOUT), 6)
        self.assertIn("orphaned no broker for too long; tasks_stopped=1", worker.stderr.read().decode())
        with open(pid, encoding="utf-8") as file:
            command = f"/proc/{file.read().strip()}"
        self.until(lambda: not os.path.exists(command), "its command to end")

    def test_mistakes_of_the_spool_are_told(self):
        worker = self.start("worker", "start", "--spool", "/proc/nowhere")
        self.assertEqual(worker.wait(harness.TIMEOUT), 1)
        self.assertIn(b"/proc/nowhere", worker.stderr.read())
        self.expect(self.zonda("worker", "start", "--spool-max", "4 apples"), 2, "not an amount of bytes")

    def test_without_a_place_to_spool_it_works_all_the_same(self):
        worker = self.start("worker", "start", "--orphan-timeout", "100ms",
                            env={"XDG_STATE_HOME": "/proc/no"})
        self.assertEqual(worker.wait(harness.TIMEOUT), 6)
        self.assertIn(b"no-spool", worker.stderr.read())


class Stopped(CliTest):
    """As by SIGSTOP, or a virtual machine that moves: for longer than the lease."""

    def runs(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return len(file.readlines())

    def test_late_results_count_unless_their_task_was_handed_out_again(self):
        self.start("broker", "start", "--memory", "--bind", self.address)
        late = self.start("worker", "start", "--name", "late", "--slots", "2", "--label", "only=late")
        go = self.path("go")
        script = "echo >> {}; until [ -e " + go + " ]; do sleep 0.02; done"
        only = self.zonda("submit", "--shell", "--label", "only=late", "--",
                          script.format(self.path("only"))).out.strip()
        any_of = self.zonda("submit", "--shell", "--", script.format(self.path("any"))).out.strip()
        self.until(lambda: self.zonda("status", "-o", "json").json()["running"] == 2, "both to run")
        late.send_signal(signal.SIGSTOP)
        open(go, "w", encoding="utf-8").close()
        self.start("worker", "start", "--name", "other")
        self.expect(self.zonda("job", "wait", any_of), 0)
        late.send_signal(signal.SIGCONT)
        self.expect(self.zonda("job", "wait", only), 0)
        self.assertEqual((self.runs("only"), self.runs("any")), (1, 2))
        self.assertEqual(self.zonda("run", "--label", "only=late", "--", "echo", "on").out, "on\n")
        self.assertEqual(self.zonda("status", "-o", "json").json()["done"], 3)


class Descriptors(CliTest):
    def start_with(self, limit, *words):
        """Through a shell that lowers the limit."""
        process = subprocess.Popen(["/bin/sh", "-c", f"ulimit -n {limit}; exec \"$@\"", "sh", harness.BINARY,
                                    "worker", "start", *words], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment)
        self.started.append(process)
        return process

    def test_too_few_for_its_slots_are_told_before_it_starts(self):
        worker = self.start_with(64, "--slots", "40")
        self.assertEqual(worker.wait(harness.TIMEOUT), 1)
        self.assertIn(b"40 slots need 208 open files, and 64 are allowed", worker.stderr.read())

    def test_as_few_as_it_asks_for_are_enough(self):
        self.start("broker", "start", "--memory", "--bind", self.address)
        self.start_with(64, "--slots", "4")
        self.expect(self.zonda("map", "--", "true", stdin=b"x\n" * 40), 0)


if __name__ == "__main__":
    harness.run(needs_broker=True)
