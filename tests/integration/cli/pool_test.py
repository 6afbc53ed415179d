"""zonda pool and zonda scale: workers that come and go with the work."""
import glob
import json
import os
import shutil
import signal
import subprocess

import harness
from harness import CliTest


class PoolTest(CliTest):
    """A broker in memory, and a manager of pools in a directory of its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.state = os.path.join(cls.directory, "pools")
        cls.broker = cls.start_broker()

    @classmethod
    def start_broker(cls):
        broker = cls.start("broker", "start", "--memory", "-q", "--bind", cls.address)
        cls.until(lambda: cls.zonda("check", "live").code == 0, "the broker")
        return broker

    def setUp(self):
        self.manager = None

    def tearDown(self):
        if self.manager and self.manager.poll() is None:
            self.manager.send_signal(signal.SIGTERM)
            self.manager.wait(harness.TIMEOUT)
        for pid_file in glob.glob(self.state + "/*/agent.pid"):
            self.zonda("agent", "stop", "--directory", os.path.dirname(pid_file))

    def manage(self, text, env=None):
        with open(self.path("pools.toml"), "w", encoding="utf-8") as file:
            file.write(text)
        self.manager = self.start("pool", "start", "--config", "pools.toml", "--state", self.state, env=env)
        names = [line.strip("[]") for line in text.splitlines() if line.startswith("[")]
        self.until(lambda: all(self.pool(name).get("manager") == "connected" for name in names), "pools")

    def pool(self, name):
        pools = self.expect(self.zonda("pool", "list", "-o", "json"), 0).json()["pools"]
        return next((pool for pool in pools if pool["pool"] == name), {})

    def log(self, name):
        return [entry["text"] for entry in
                self.zonda("scale", "log", name, "-o", "json").json()["decisions"]]

    def until_workers(self, name, count):
        self.until(lambda: (self.pool(name)["workers"], self.pool(name)["draining"]) == (count, 0),
                   f"{count} workers in {name}")

    @staticmethod
    def go_on(pid):
        try:
            os.kill(pid, signal.SIGCONT)
        except ProcessLookupError:
            pass

    def scale(self, *words):
        return self.expect(self.zonda("scale", *words), 0)


LOCAL = 'launcher = "local"\nslots = 1\nspool-max = 0\n'


class Local(PoolTest):
    def test_up_and_down_by_order_loses_nothing_and_runs_nothing_twice(self):
        self.manage(f"[ordered]\n{LOCAL}min = 1\nmax = 1\n")
        self.until_workers("ordered", 1)
        ran = self.path("ran")
        self.scale("ordered", "4")
        script = f"echo {{}} >> {ran}; sleep 0.02; echo done {{}}"
        work = self.start("map", "--label", "pool=ordered", "--shell", "--", script)
        work.stdin.write(b"".join(b"%d\n" % each for each in range(400)))
        work.stdin.close()
        self.until_workers("ordered", 4)
        self.scale("ordered", "1")
        self.assertEqual(work.wait(harness.TIMEOUT), 0)
        self.assertEqual(work.stdout.read().split(b"\n")[:-1], [b"done %d" % each for each in range(400)])
        with open(ran, encoding="utf-8") as file:
            self.assertEqual(sorted(int(line) for line in file), list(range(400)))
        self.until_workers("ordered", 1)
        log = self.log("ordered")
        self.assertIn("+1: at least 1", log)
        self.assertIn("+3: at least 4", log)
        self.assertIn("-3: at most 1", log)

    def test_from_zero_by_the_backlog_and_back_to_zero(self):
        self.manage(f'[elastic]\n{LOCAL}max = 3\ntarget-wait = "500ms"\ncooldown = "3s"\n')
        self.assertEqual(self.pool("elastic")["workers"], 0)
        job = self.zonda("submit", "--label", "pool=elastic", "--array", "0-29", "-q", "--", "sleep",
                         "0.2").out.strip()
        self.until(lambda: self.pool("elastic")["workers"] == 3, "three workers")
        self.expect(self.zonda("job", "wait", job), 0)
        self.until_workers("elastic", 0)
        log = self.log("elastic")
        self.assertEqual(log[0], "+1: 30 queued, not measured yet")
        self.assertRegex(log[1], r"^\+[12]: \d+ queued × .+ ÷ target 0\.5 s")
        self.assertRegex(log[-1], r"^-\d: 0 of \d were enough for 3s$")

    def test_a_restart_of_the_manager_or_the_broker_changes_nothing(self):
        pools = f"[steady]\n{LOCAL}min = 1\nmax = 5\n"
        self.manage(pools)
        self.scale("steady", "2")
        self.until_workers("steady", 2)
        workers, log = self.zonda("worker", "list", "-o", "json").json()["workers"], self.log("steady")
        self.manager.kill()
        self.manager.wait()
        self.manage(pools)
        self.until(lambda: self.pool("steady")["workers"] == 2, "the workers")
        self.assertEqual((self.pool("steady")["min"], self.pool("steady")["max"]), (2, 2))
        self.broker.kill()
        self.broker.wait()
        for worker in workers:  # they take their time to come back
            os.kill(worker["pid"], signal.SIGSTOP)
            self.addCleanup(self.go_on, worker["pid"])
        type(self).broker = self.start_broker()
        self.until(lambda: (self.pool("steady").get("workers"), self.pool("steady").get("pending")) == (0, 2),
                   "both to be expected")
        self.until(lambda: self.log("steady") == log, "what was decided, and no more")
        for worker in workers:
            os.kill(worker["pid"], signal.SIGCONT)
        self.until(lambda: self.pool("steady").get("workers") == 2, "the workers, with the new broker")
        again = self.zonda("worker", "list", "-o", "json").json()["workers"]
        self.assertEqual(sorted(each["pid"] for each in again), sorted(each["pid"] for each in workers))
        self.until(lambda: self.log("steady") == log, "what was decided, and no more")
        self.scale("steady", "1")  # orders are numbered on
        self.until_workers("steady", 1)

    def test_a_pool_has_one_manager_and_one_that_ends_says_so(self):
        self.manage(f"[single]\n{LOCAL}max = 1\n")
        other = self.zonda("pool", "start", "--config", "pools.toml", "--state", self.path("other"))
        self.expect(other, 4, "pool single is managed by .*/pools .*, heard of . s ago")
        self.manager.send_signal(signal.SIGTERM)
        self.assertEqual(self.manager.wait(harness.TIMEOUT), 0)
        self.assertEqual(self.pool("single")["manager"], "away")
        self.expect(self.zonda("scale", "single", "1"), 4, "(?s)has ended.*'zonda pool start' runs")

    def test_what_the_file_no_longer_says_is_gone_and_what_it_says_anew_is_told(self):
        self.manage(f"[gone]\n{LOCAL}max = 1\n[stays]\n{LOCAL}min = 1\nmax = 1\n")
        self.until_workers("stays", 1)
        size = "min = 1\nmax = 2\n"
        for settings, changes in ((size, False), (size + 'drain-timeout = "29s"\n', True)):
            self.manager.send_signal(signal.SIGTERM)
            self.assertEqual(self.manager.wait(harness.TIMEOUT), 0)
            self.manage(f"[stays]\n{LOCAL}{settings}")
            self.assertEqual(self.pool("gone"), {})
            self.scale("stays", "1")  # its manager has decided meanwhile
            self.assertEqual(any("the file changed" in text for text in self.log("stays")), changes)

    def test_a_signal_that_comes_twice_at_once_is_one(self):
        """As of timeout(1), which tells the program and its group."""
        self.manage(f"[twice]\n{LOCAL}max = 1\n")
        for _ in range(2):
            self.manager.send_signal(signal.SIGTERM)
        self.assertEqual(self.manager.wait(harness.TIMEOUT), 0)
        self.assertEqual(self.pool("twice")["manager"], "away")

    def test_a_worker_that_dies_is_replaced(self):
        self.manage(f"[stable]\n{LOCAL}min = 1\nmax = 1\n")
        self.until(lambda: (self.pool("stable")["workers"], self.pool("stable")["pending"]) == (1, 0), "one")
        before = self.zonda("worker", "list", "-o", "json").json()["workers"][0]
        with open(f"{self.state}/stable-1/agent.pid", encoding="utf-8") as file:
            os.kill(int(file.read()), signal.SIGKILL)  # and its worker with it

        def others():
            return [each for each in self.zonda("worker", "list", "-o", "json").json()["workers"]
                    if each["state"] == "active" and each["pid"] != before["pid"]]
        self.until(others, "another one")

    def test_labels_and_resources_say_which_pool_is_for_what(self):
        self.manage(f"[big]\n{LOCAL}max = 1\nresource = {{ gpu = 2 }}\n"
                    f"[small]\n{LOCAL}max = 1\n")
        too_much = self.zonda("submit", "-q", "--resource", "gpu=3", "--", "true").out.strip()
        self.expect(self.zonda("run", "--resource", "gpu=2", "--", "true"), 0)
        self.assertEqual(self.pool("big")["workers"], 1)
        self.assertEqual(self.log("small"), [])
        self.assertEqual(len(self.log("big")), 1, "nobody can run what asks for more")
        self.zonda("job", "cancel", too_much)

    def test_what_cannot_be_started_is_told_and_not_tried_without_end(self):
        self.manage('[broken]\nlauncher = "command"\ncommand = ["sh", "-c", "echo no luck >&2; exit 1"]\n'
                    "min = 1\nmax = 1\n")
        self.until(lambda: len(self.log("broken")) >= 2, "the failure")
        self.assertEqual(self.log("broken")[:2],
                         ["+1: at least 1", "failed: broken-1: no luck; next try in 5s"])
        self.assertEqual(self.pool("broken")["note"], "not started: broken-1: no luck")

    def test_a_command_of_the_user(self):
        command = [harness.BINARY, "agent", "start", "--directory", self.state + "/theirs-1", "--", "{}"]
        self.manage(f'[theirs]\nlauncher = "command"\ncommand = {json.dumps(command)}\nslots = 1\n'
                    "spool-max = 0\nmin = 1\nmax = 1\n")
        self.until_workers("theirs", 1)
        self.assertEqual(self.zonda("worker", "list", "-q").out, "theirs-1\n")

    def test_a_command_may_leave_its_worker_running(self):
        script = '"$0" worker start "$@" &'  # which holds what the command writes to
        command = ["sh", "-c", script, harness.BINARY, "{}"]
        self.manage(f'[left]\nlauncher = "command"\ncommand = {json.dumps(command)}\nslots = 1\n'
                    "spool-max = 0\nmin = 1\nmax = 1\n")
        self.until(lambda: (self.pool("left")["workers"], self.pool("left")["pending"]) == (1, 0), "it")
        self.scale("left", "0")
        self.until_workers("left", 0)

    def test_a_command_that_hangs_is_ended(self):
        self.manage('[hung]\nlauncher = "command"\ncommand = ["sleep", "1000"]\nstart-timeout = "1s"\n'
                    "min = 1\nmax = 1\n")
        self.until(lambda: len(self.log("hung")) >= 2, "the failure")
        self.assertEqual(self.log("hung")[1], "failed: hung-1: env did not end within 1s; next try in 5s")

    def test_a_program_that_was_replaced_still_starts_workers(self):
        copy = self.path("zonda-copy")
        shutil.copy(harness.BINARY, copy)
        with open(self.path("pools.toml"), "w", encoding="utf-8") as file:
            file.write(f"[kept]\n{LOCAL}max = 1\n")
        words = [copy, "pool", "start", "--config", "pools.toml", "--state", self.state]
        self.manager = subprocess.Popen(words, env=self.environment, cwd=self.directory,
                                        stderr=subprocess.DEVNULL)
        self.started.append(self.manager)
        self.until(lambda: self.pool("kept").get("manager") == "connected", "the pool")
        os.remove(copy)
        self.scale("kept", "1", "--target-wait", "1s")
        self.until_workers("kept", 1)

    def test_a_pool_that_is_only_observed_tells_how_many_it_wants(self):
        self.manage('[watched]\nlauncher = "none"\nmax = 5\ntarget-wait = "1s"\n')
        job = self.zonda("submit", "-q", "--label", "pool=watched", "--", "true").out.strip()
        self.until(lambda: self.pool("watched")["wanted"] == 1, "its wish")
        self.zonda("job", "cancel", job)

    def test_jobs_of_kubernetes(self):
        said = self.path("kubectl.said")
        os.makedirs(self.path("bin"), exist_ok=True)
        with open(self.path("bin/kubectl"), "w", encoding="utf-8") as file:
            file.write(f'#!/bin/sh\necho "$@" >> {said}\ncase "$*" in *create*) cat >> {said};; esac\n')
        os.chmod(self.path("bin/kubectl"), 0o755)
        self.manage('[pods]\nlauncher = "kubernetes"\nimage = "zonda:1"\nnamespace = "lab"\n'
                    'secret = "worker-key"\nmin = 1\nmax = 1\nslots = 4\nresource = { gpus = 1 }\n',
                    env={"PATH": self.path("bin") + ":" + os.environ["PATH"]})

        def lines():
            with open(said, encoding="utf-8") as file:
                return file.read().splitlines()
        self.until(lambda: os.path.exists(said) and len(lines()) == 3, "kubectl")
        self.assertEqual(lines()[:2], ["--namespace=lab delete job --selector=zonda.pool=pods "
                                       "--field-selector=metadata.name=pods-1 --ignore-not-found",
                                       "--namespace=lab create -f -"])
        job = json.loads(lines()[2])
        self.assertEqual((job["kind"], job["metadata"]["name"]), ("Job", "pods-1"))
        pod = job["spec"]["template"]["spec"]
        self.assertEqual(pod["containers"][0]["args"],
                         ["worker", "start", "--broker", self.address, "--name", "pods-1", "--label",
                          "pool=pods", "--resource=gpus=1", "--slots=4"])
        self.assertEqual(pod["containers"][0]["resources"], {"limits": {"nvidia.com/gpu": 1.0}})
        self.assertEqual(pod["restartPolicy"], "OnFailure")
        self.assertEqual(pod["containers"][0]["env"],
                         [{"name": "ZONDA_MOUNTED_KEYS", "value": "/etc/zonda/keys/worker.key"}])
        self.assertEqual(pod["volumes"], [{"name": "keys", "secret": {"secretName": "worker-key"}}])


class Usage(CliTest):
    def refused(self, text, message):
        with open(self.path("bad.toml"), "w", encoding="utf-8") as file:
            file.write(text)
        self.expect(self.zonda("pool", "start", "--config", "bad.toml"), 2, message)

    def test_files_that_make_no_sense(self):
        self.expect(self.zonda("pool", "start", "--config", "nowhere.toml"), 2,
                    "cannot read nowhere.toml: No such file")
        self.refused("", "no pool")
        self.refused("min = 1\n", "'min' is in no pool")
        self.refused('[a]\nlauncher = "slrum"\n', "(?s)there is no 'slrum'.*'slurm'")
        self.refused('[a]\nlauncher = "ssh"\n', "needs 'hosts'")
        self.refused("[a]\nmin = 3\nmax = 2\n", "min is more than max")
        self.refused('[a]\ncooldown = "soon"\n', "cooldown")
        self.refused('[a]\nmin = "few"\n', "^zonda: bad.toml: a.min: 'few' is not a number")
        self.refused("[a]\nslots = 0\n", "bad.toml: a.slots: at least 1")
        self.refused('[a]\nlauncher = "local"\nhosts = ["b"]\n', "a.hosts: launcher local has no use")
        self.refused('[a]\nlauncher = "slurm"\nsbatch = ["--job-name=x"]\n', "the pool knows a job again")
        self.refused("[log]\nmin = 1\n", "cannot be called 'log'")
        self.refused("[a]\nslotss = 1\n", "(?s)no setting 'slotss'.*'slots'")
        self.refused("[a]\nname = 'b'\n", "no setting 'name'")

    def test_the_manager_s_key_is_not_that_of_workers(self):
        self.zonda("keys", "init", "--keys", self.path("keys"))
        with open(self.path("pools.toml"), "w", encoding="utf-8") as file:
            file.write("[a]\nmax = 1\n")
        self.expect(self.zonda("pool", "start", "--config", "pools.toml", "--keys",
                               self.path("keys/admin.key")), 2, "admin.key and worker.key")

    def test_orders_that_make_no_sense(self):
        broker = self.start("broker", "start", "--memory", "--bind", self.address)
        self.lines_until(broker, "broker-ready")
        self.expect(self.zonda("scale"), 2)
        self.expect(self.zonda("scale", "cpu"), 2, "expected N")
        self.expect(self.zonda("scale", "cpu", "2", "--min", "1"), 2, "either")
        self.expect(self.zonda("scale", "cpu", "-1"), 2)
        self.expect(self.zonda("scale", "cpu", "two"), 2, "^zonda: N: 'two' is not a number")
        self.expect(self.zonda("scale", "cpu", "2"), 3, "no pool is called cpu")
        self.expect(self.zonda("scale", "log", "cpu"), 3, "no pool is called cpu")
        self.assertEqual(self.zonda("pool", "list", "-o", "json").json()["pools"], [])


if __name__ == "__main__":
    harness.run(needs_broker=True)
