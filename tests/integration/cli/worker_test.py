"""zonda worker, zonda broker, zonda status and zonda check."""
import os
import signal

import harness
from harness import CliTest, ClusterTest


class Worker(ClusterTest):
    def start_worker(self, name, *words):
        worker = self.start("worker", "start", "--name", name, "--slots", "1", *words)
        self.until(lambda: name in self.zonda("worker", "list", "-q").lines() or worker.poll() is not None,
                   name + " to join")
        return worker

    def test_lists_and_infos(self):
        worker = self.start_worker("seen", "--label", "disk=ssd", "--resource", "gpu=2", "--queue", "fast")
        document = self.zonda("worker", "list", "-o", "json").json()
        self.assertEqual(document["schema"], "zonda.worker.list/1")
        entry = next(each for each in document["workers"] if each["worker"] == "seen")
        self.assertEqual((entry["slots"], entry["labels"], entry["resources"]),
                         (1, {"disk": "ssd"}, {"gpu": 2.0}))
        self.assertIn("fast", entry["queues"])
        self.assertRegex(self.zonda("worker", "list").lines()[0], "^WORKER +HOST +STATE +SLOTS")
        self.assertRegex(self.zonda("worker", "info", "seen").out, r"functions +.*zonda\.exec")
        self.assertEqual(self.zonda("run", "--label", "disk=ssd", "--queue", "fast", "--", "echo", "x").out,
                         "x\n")
        self.expect(self.zonda("worker", "info", "nobody"), 3, "no worker is called nobody")
        self.expect(self.zonda("worker", "info", "seen", "nobody"), 10)
        worker.send_signal(signal.SIGTERM)
        self.assertEqual(worker.wait(harness.TIMEOUT), 0)

    def test_names_are_unique(self):
        self.start_worker("only-one")
        second = self.start("worker", "start", "--name", "only-one")
        self.assertEqual(second.wait(harness.TIMEOUT), 4)
        self.assertIn(b"only-one", second.stderr.read())

    def test_common_options_come_from_everywhere(self):
        names = self.zonda("worker", "list", "-q").out
        self.assertEqual(len(names.split()), 1)
        self.assertEqual(self.zonda("worker", "list", env={"ZONDA_QUIET": "1"}).out, names)
        self.assertNotEqual(self.zonda("worker", "list", env={"ZONDA_QUIET": "0"}).out, names)
        project = self.path("quiet")
        os.mkdir(project)
        with open(os.path.join(project, "zonda.toml"), "w", encoding="utf-8") as file:
            file.write("quiet = true\n")
        self.assertEqual(self.zonda("worker", "list", cwd=project).out, names)
        self.assertNotEqual(self.zonda("worker", "list", cwd=project, env={"ZONDA_QUIET": "no"}).out, names)
        self.assertNotEqual(self.zonda("worker", "list", "--quiet=no", cwd=project).out, names)

    def test_drain_and_stop(self):
        for order in ("drain", "stop"):
            worker = self.start_worker("leaves-" + order)
            self.expect(self.zonda("worker", order, "leaves-" + order), 0)
            self.assertEqual(worker.wait(harness.TIMEOUT), 0)
        self.expect(self.zonda("worker", "drain", "nobody"), 3)

    def test_an_idle_worker_leaves_and_one_at_work_does_not(self):
        worker = self.start_worker("brief", "--label", "only=brief", "--idle-timeout", "500ms")
        answer = self.zonda("run", "--label", "only=brief", "--", "sh", "-c", "sleep 1.2; echo whole")
        self.assertEqual(answer.out, "whole\n")
        self.assertEqual(worker.wait(harness.TIMEOUT), 0)

    def test_a_draining_worker_finishes_its_task(self):
        worker = self.start_worker("busy", "--label", "only=busy")
        go = self.path("drain-go")
        run = self.start("run", "--label", "only=busy", "--shell", "--",
                         f"echo up; while ! [ -e {go} ]; do sleep 0.02; done; echo done")
        self.assertEqual(run.stdout.readline(), b"up\n")
        worker.send_signal(signal.SIGTERM)
        self.until(lambda: '"draining"' in self.zonda("worker", "info", "busy", "-o", "json").out,
                   "busy to drain")
        open(go, "w", encoding="utf-8").close()
        self.assertEqual(run.stdout.read(), b"done\n")
        self.assertEqual(run.wait(harness.TIMEOUT), 0)
        self.assertEqual(worker.wait(harness.TIMEOUT), 0)

    def test_no_exec(self):
        self.start_worker("pure", "--label", "only=pure", "--no-exec")
        process = self.start("run", "--label", "only=pure", "--", "true")
        lines = iter(process.stderr.readline, b"")  # on a busy machine it may miss its broker at first
        self.assertTrue(any(b"waiting: no worker" in line for line in lines))
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(harness.TIMEOUT), 130)

    def test_status_and_checks(self):
        status = self.zonda("status", "-o", "json").json()
        self.assertEqual((status["schema"], status["durability"]), ("zonda.status/1", "memory"))
        for field in ("queued", "running", "done", "failed", "workers", "tasks_per_second"):
            self.assertIsInstance(status[field], (int, float))
        self.assertRegex(self.zonda("status").out, r"(?m)^queued +\d")
        self.assertRegex(self.zonda("status").out, r"(?m)^cancelled +\d+$")
        self.expect(self.zonda("check", "live"), 0)
        self.expect(self.zonda("check", "ready"), 0)
        self.expect(self.zonda("check", "workers", "--min", "1"), 0)
        self.expect(self.zonda("check", "workers", "--min", "1000"), 1, "1000 wanted")
        self.expect(self.zonda("check", "backlog", "--max", "1000000"), 0)
        job = self.zonda("submit", "--array", "0-9", "--queue", "nowhere", "--", "true").out.strip()
        self.expect(self.zonda("check", "backlog", "--max", "9"), 1, "10 tasks wait")
        self.expect(self.zonda("job", "cancel", job), 0)


class Stop(ClusterTest):
    """Workers that are told to leave while a command runs that does not hear of it."""

    def start_for(self, task, name, *words):
        return self.start("worker", "start", "--name", name, "--slots", "1", "--label", "for=" + task, *words)

    def run_deaf(self, name, *words):
        """A task that ignores SIGTERM, but ends at once when it runs again. Gives its worker and its job."""
        worker = self.start_for(name, name, *words)
        pid = self.path(name)
        script = f"test -e {pid} && exit; trap '' TERM; echo $$ > {pid}; while :; do sleep 0.02; done"
        job = self.zonda("submit", "--label", "for=" + name, "--shell", "--", script).out.strip()
        self.until(lambda: os.path.exists(pid) and os.path.getsize(pid) > 0, "the task to run")
        return worker, job

    def draining(self, name):
        return '"draining"' in self.zonda("worker", "info", name, "-o", "json").out

    def runs_elsewhere_uncharged(self, name, job):
        """The task of a worker that left, on the next one."""
        with open(self.path(name), encoding="utf-8") as file:
            self.assertFalse(os.path.exists(f"/proc/{file.read().strip()}"), "its end")
        self.until(lambda: name not in self.zonda("worker", "list", "-q").lines(), "the broker to know")
        task = self.zonda("task", "info", job + "/0", "-o", "json").json()
        self.assertEqual((task["state"], task["lost"], task["deaths"]), ("queued", 0, 0), task)
        self.start_for(name, "next-" + name)
        self.expect(self.zonda("job", "wait", job), 0)
        task = self.zonda("task", "info", job + "/0", "-o", "json").json()
        self.assertEqual(task["worker"], "next-" + name)

    def test_a_second_signal_gives_a_deaf_command_back_uncharged(self):
        worker, job = self.run_deaf("signals")
        worker.send_signal(signal.SIGTERM)
        self.until(lambda: self.draining("signals"), "the drain")
        worker.send_signal(signal.SIGTERM)
        self.assertEqual(worker.wait(harness.TIMEOUT), 0)
        self.runs_elsewhere_uncharged("signals", job)

    def test_the_end_of_the_drain_gives_a_deaf_command_back_uncharged(self):
        worker, job = self.run_deaf("patience", "--drain-timeout", "100ms")
        worker.send_signal(signal.SIGTERM)
        self.assertEqual(worker.wait(harness.TIMEOUT), 0)
        self.runs_elsewhere_uncharged("patience", job)


class Alone(CliTest):
    def test_a_worker_that_hears_nothing_of_its_broker_says_so(self):
        worker = self.start("worker", "start", "--slots", "1")
        said = []

        def is_told():
            if harness.select_readable(worker.stderr):
                said.append(os.read(worker.stderr.fileno(), 1 << 16))
            return b"broker-silent" in b"".join(said)
        self.until(is_told, "a line about the broker")


class Broker(CliTest):
    def test_a_data_directory_is_made_refused_and_locked(self):
        words = ["broker", "start", "--bind", self.address, "--data"]
        data = self.path("data")
        broker = self.start(*words, data)
        self.until(lambda: self.zonda("check", "ready", "--connect-timeout", "500ms").code == 0, "the broker")
        other = f"tcp://127.0.0.1:{harness.free_port()}"
        answer = self.expect(self.zonda("broker", "start", "--bind", other, "--data", data), 4)
        self.assertIn(str(broker.pid), answer.err)
        broker.send_signal(signal.SIGTERM)
        self.assertEqual(broker.wait(harness.TIMEOUT), 0)
        self.assertIn(b"data", broker.stderr.read() + broker.stdout.read())

    def test_a_directory_without_a_store_needs_init(self):
        os.mkdir(self.path("plain"))
        self.expect(self.zonda("broker", "start", "--bind", self.address, "--data", self.path("plain")), 4,
                    "--init")

    def test_an_address_in_use(self):
        address = f"tcp://127.0.0.1:{harness.free_port()}"
        self.start("broker", "start", "--memory", "--bind", address)
        self.until(lambda: self.zonda("-b", address, "check", "ready", "--connect-timeout",
                                      "500ms").code == 0,
                   "the broker")
        answer = self.zonda("broker", "start", "--memory", "--bind", address)
        self.assertIn(answer.code, (1, 4), answer)
        self.assertTrue(answer.err)


if __name__ == "__main__":
    harness.run(needs_broker=True)
