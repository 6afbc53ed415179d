"""One task takes down the process that runs it, or a thread of it: it is found, and all others complete.

By hand: python3 tests/integration/cli/blame_test.py ZONDA BLAME_WORKER BLAME_CLIENT -v
"""
import os
import signal
import subprocess
import sys

import harness
from harness import CliTest

WORKER = None
CLIENT = None


class BlameTest(CliTest):
    def setUp(self):
        self.broker = self.start("broker", "start", "--memory", "--bind", self.address)
        self.until(lambda: self.zonda("check", "ready", "--connect-timeout", "500ms").code == 0, "the broker")

    def tearDown(self):
        self.broker.terminate()
        self.assertEqual(self.broker.wait(harness.TIMEOUT), 0)

    def start_program(self, *words):
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, env=self.environment, cwd=self.directory)
        self.started.append(process)
        return process

    def info(self, task):
        return self.zonda("task", "info", task, "-o", "json").json()


class Blame(BlameTest):
    def run_job(self, isolation, count, deadly):
        """Workers are started again as they die. Returns the job, what went wrong, and how many died."""
        client = self.start_program(CLIENT, str(count), str(deadly))
        job = client.stdout.readline().decode().strip()
        died = 0
        worker = None
        while client.poll() is None:
            if worker is None or worker.poll() is not None:
                died += worker is not None
                worker = self.start_program(WORKER, "--isolation", isolation, "--slots", "2", "--name",
                                            f"{isolation}-{died}")
            try:
                client.wait(0.1)
            except subprocess.TimeoutExpired:
                pass
        self.assertEqual(client.returncode, 0)
        wrong = client.stdout.read().decode().splitlines()
        died += worker.poll() is not None
        worker.terminate()
        worker.wait(harness.TIMEOUT)
        return job, wrong, died

    def test_of_a_thousand_tiny_tasks_in_threads_only_the_guilty_one_is_charged(self):
        job, wrong, died = self.run_job("thread", 1_000, 617)
        self.assertEqual(len(wrong), 1, wrong)
        self.assertRegex(wrong[0], "^617 ")
        self.assertGreaterEqual(died, 4)
        self.assertLessEqual(died, 14)
        info = self.info(job + "/617")
        self.assertEqual((info["state"], info["type"]), ("crashed", "worker-died"))
        self.assertRegex(info["message"], "the worker died while only this task ran on it: thread-")
        self.assertTrue(info["host"])
        explained = self.expect(self.zonda("task", "explain", job + "/617"), 0).out
        self.assertRegex(explained,
                         r"^it is over: crashed on thread-\d+ \(.*\), attempt \d+: the worker died")
        self.assertRegex(explained, r"(?m)^  attempt \d+ crashed on thread-\d+ \(.*\): the worker died")
        self.assertIn(job, self.zonda("job", "list", "--state", "failed", "-q").lines())
        self.assertEqual(self.zonda("task", "list", job, "--state", "failed", "-q").lines(), [job + "/617"])
        row = self.zonda("task", "list", job, "--state", "crashed").lines()[1]
        self.assertRegex(row, job + r"/617 +crashed +\d+ +thread-\d+")

    def test_in_processes_it_costs_one_executor_and_is_told_exactly(self):
        job, wrong, died = self.run_job("process", 1_000, 617)
        self.assertEqual(len(wrong), 1, wrong)
        self.assertEqual(died, 0)
        info = self.info(job + "/617")
        self.assertEqual((info["state"], info["type"], info["signal"], info["attempts"], info["worker"]),
                         ("crashed", "signal", 6, 1, "process-0"))
        self.assertIn("SIGABRT", info["message"])
        self.assertIn("last words", info["stderr_tail"])
        self.assertGreater(info["peak_rss_bytes"], 0)
        self.assertEqual([each["kind"] for each in info["history"]], ["crashed"])
        explained = self.expect(self.zonda("task", "explain", job + "/617"), 0).out
        self.assertRegex(explained,
                         r"^it is over: crashed on process-0 \(.*\), attempt 1: killed by signal 6")
        self.assertRegex(self.zonda("task", "explain", job + "/0").out, "^it is over: done on process-0, ")
        again = self.expect(self.zonda("job", "retry", job, "-q"), 0).out.strip()
        self.assertEqual(self.zonda("job", "info", again, "-o", "json").json()["tasks"], 1)
        self.assertRegex(self.zonda("task", "explain", again + "/0").out, "^no worker is connected")
        self.expect(self.zonda("job", "cancel", again), 0)


class Stuck(BlameTest):
    """A task in a thread that does not stop."""

    def start_worker(self):
        worker = subprocess.Popen([WORKER, "--isolation", "thread", "--slots", "2", "--name", "threads"],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE, env=self.environment, cwd=self.directory)
        self.started.append(worker)
        self.until(lambda: self.threads(), "the worker")
        return worker

    def threads(self):
        return "threads" in self.zonda("worker", "list", "-q").lines()

    def hang(self):
        """A call that is cancelled while it runs. Gives its task."""
        call = self.start("call", "blame.hang", "[1]")
        running = []
        self.until(lambda: running or running.extend(
            self.zonda("job", "list", "--state", "running", "-q").lines()), "the task to run")
        self.until(lambda: self.zonda("task", "info", running[0] + "/0", "-o", "json").json().get("started"),
                   "the worker to say so")
        call.send_signal(signal.SIGINT)
        self.assertEqual(call.wait(harness.TIMEOUT), 130)

    def test_its_worker_begins_anew_in_the_same_process(self):
        worker = self.start_worker()
        for _ in range(2):
            self.hang()
            log = iter(worker.stderr.readline, b"")
            self.assertTrue(any(b"stuck a task does not stop" in line for line in log))
            self.assertTrue(any(b"worker-left" in line for line in log))
            self.assertTrue(any(b"worker-start" in line for line in log))
            answer = self.expect(self.zonda("call", "blame.survive", "[7, 0]"), 0)
            self.assertEqual(answer.out, "7\n")
        self.assertEqual(self.zonda("status", "-o", "json").json()["lost"], 0)
        self.until(self.threads, "the worker")
        worker.terminate()
        self.assertEqual(worker.wait(harness.TIMEOUT), 0)

    def test_a_worker_that_is_told_to_leave_does_not_begin_anew(self):
        worker = self.start_worker()
        self.hang()
        self.until(lambda: self.zonda("worker", "stop", "threads").code == 0, "the order to reach it")
        self.assertEqual(worker.wait(harness.TIMEOUT), 0)


class Memory(BlameTest):
    """With a worker in a control group of little memory."""
    LIMIT = 64 << 20

    def setUp(self):
        self.group = f"/sys/fs/cgroup/memory/zonda-test-{os.getpid()}"
        try:
            os.mkdir(self.group)
            self.write("memory.limit_in_bytes", self.LIMIT)
        except OSError as error:
            self.skipTest(f"control groups of memory cannot be made here: {error}")
        self.addCleanup(os.rmdir, self.group)
        super().setUp()
        self.worker = subprocess.Popen([WORKER, "--slots", "1", "--name", "small"], env=self.environment,
                                       cwd=self.directory, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL,
                                       preexec_fn=lambda: self.write("cgroup.procs", os.getpid()))

    def tearDown(self):
        self.worker.terminate()
        self.assertEqual(self.worker.wait(harness.TIMEOUT), 0)
        super().tearDown()

    def write(self, name, value):
        with open(os.path.join(self.group, name), "w", encoding="ascii") as file:
            file.write(str(value))

    def test_who_is_killed_for_want_of_memory_is_told_so(self):
        call = self.expect(self.zonda("call", "blame.eat", f"[{4 * self.LIMIT}]"), 8)
        self.assertIn("killed by signal 9 (SIGKILL), perhaps out of memory", call.err)
        hungry = f"import sys; len(bytearray({4 * self.LIMIT}))"
        job = self.expect(self.zonda("submit", "--", sys.executable, "-c", hungry), 0).out.strip()
        self.expect(self.zonda("job", "wait", job), 8)
        info = self.info(job + "/0")
        self.assertEqual((info["state"], info["signal"], info["type"]), ("failed", 9, "signal"))
        self.assertIn("perhaps out of memory", info["message"])
        self.assertGreater(info["peak_rss_bytes"], self.LIMIT // 4)


if __name__ == "__main__":
    WORKER = os.path.abspath(sys.argv.pop(2))
    CLIENT = os.path.abspath(sys.argv.pop(2))
    harness.run(needs_broker=True)
