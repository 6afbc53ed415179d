"""zonda deploy slurm, with a real Slurm of one node, and with stand-ins for what goes wrong."""
import os
import signal
import unittest

import harness
import slurm
from harness import CliTest, GuardedTest


class Prepared(CliTest):
    def test_what_would_be_submitted(self):
        answer = self.zonda("deploy", "slurm", "--dry-run", "--workers", "3", "--drain-timeout", "1m",
                            "--", "--partition=a b")
        self.expect(answer, 0)
        self.assertRegex(answer.lines()[0],
                         r"^sbatch .*--signal=B:TERM@70 --array=1-3 '--partition=a b' <<'END'$")
        self.assertIn(f"--drain-timeout 1m --broker {self.address} --idle-timeout 5m", answer.out)
        document = self.zonda("deploy", "slurm", "--dry-run", "-o", "json").json()
        self.assertEqual((document["schema"], document["job"]), ("zonda.deploy.slurm/1", None))
        self.assertTrue(document["script"].startswith("#!/bin/sh\nexec /"))

    def stand_in(self, name, text):
        directory = self.path(name)
        os.makedirs(directory)
        path = os.path.join(directory, "sbatch")
        with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o700), "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\n" + text)
        return {"PATH": directory + ":/usr/bin:/bin"}

    def test_what_sbatch_says_is_told(self):
        refusing = self.stand_in("refusing", "echo 'sbatch: error: invalid partition: x' >&2; exit 1")
        self.expect(self.zonda("deploy", "slurm", env=refusing), 4, "invalid partition: x")
        federated = self.stand_in("federated", "cat > /dev/null; echo '17;east'")
        self.assertEqual(self.zonda("deploy", "slurm", "-q", env=federated).out, "17\n")
        self.expect(self.zonda("deploy", "slurm", env={"PATH": self.path("nothing")}), 1, "no sbatch here")

    def test_mistakes(self):
        self.expect(self.zonda("deploy", "slurm", env={"ZONDA_BROKER": ""}), 2, "no broker is named")
        self.expect(self.zonda("deploy", "slurm", "-b", "nonsense"), 2, "an address is")
        self.expect(self.zonda("deploy", "slurm", "--keys", self.path("nowhere")), 2, "nowhere")


@unittest.skipIf(slurm.missing(), "no Slurm: " + slurm.missing())
class Allocated(GuardedTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.slurm = slurm.Slurm(os.path.join(cls.directory, "slurm"), harness.free_port())
        cls.environment["SLURM_CONF"] = cls.slurm.path("slurm.conf")

    @classmethod
    def tearDownClass(cls):
        cls.slurm.stop()
        super().tearDownClass()

    def deploy(self, *words, options=()):
        answer = self.zonda("deploy", "slurm", "-q", *words, "--", f"--chdir={self.directory}", *options)
        return self.expect(answer, 0).out.strip()

    def wait_over(self, job):
        self.until(lambda: not any(line.startswith(job) for line in self.slurm.queue()), job + " to be over")
        return self.slurm.job(job)

    def test_workers_run_in_allocations_and_leave_when_idle(self):
        job = self.deploy("--workers", "2", "--idle-timeout", "2s", options=["--cpus-per-task=3"])
        self.until(lambda: self.status()["workers"] == 2, "both to join")
        workers = self.zonda("worker", "list", "-o", "json").json()["workers"]
        self.assertEqual([worker["slots"] for worker in workers], [3, 3])
        answer = self.zonda("run", "--label", f"slurm-job={job}", "--", "printenv", "SLURM_ARRAY_JOB_ID")
        self.assertEqual(answer.out.strip(), job)
        over = self.wait_over(job)
        self.assertEqual((over["JobState"], over["ExitCode"]), ("COMPLETED", "0:0"))
        self.assertEqual(self.status()["workers_lost"], 0)

    def test_a_cancelled_allocation_drains(self):
        job = self.deploy()
        flag = self.path("begun")
        task = self.zonda("submit", "--label", f"slurm-job={job}", "--", "sh", "-c",
                          f"touch {flag}; sleep 1; echo whole").out.strip()
        self.until(lambda: os.path.exists(flag), "the task to begin")
        self.slurm.run("scancel", "--batch", "--signal=TERM", job)
        self.expect(self.zonda("job", "wait", task), 0)
        self.assertEqual(self.zonda("job", "result", task).out, "whole\n")
        self.assertEqual(self.wait_over(job)["JobState"], "COMPLETED")
        self.assertEqual(self.zonda("task", "info", task + "/0", "-o", "json").json()["attempt"], 1)

    def test_a_worker_leaves_before_its_wall_time(self):
        first = self.deploy("--drain-timeout", "5s", options=["--time=1"])
        mapped = self.start("map", "--label", f"slurm-job={first}", "--", "sh", "-c", "sleep 0.2; echo {}")
        mapped.stdin.write(b"x\n" * 100_000)
        mapped.stdin.close()
        mapped.stdin = None
        over = self.wait_over(first)
        self.assertEqual((over["JobState"], over["ExitCode"]), ("COMPLETED", "0:0"))
        status = self.status()
        self.assertGreater(status["done"], 10)
        self.assertEqual((status["workers_lost"], status["lost"], status["retried"]), (0, 0, 0))

    def test_a_pool_of_allocations(self):
        with open(self.path("pools.toml"), "w", encoding="utf-8") as file:
            file.write('[batch]\nlauncher = "slurm"\nmax = 2\ncooldown = "2s"\n'
                       f'sbatch = ["--chdir={self.directory}", "--cpus-per-task=2"]\n')
        manager = self.start("pool", "start", "--config", "pools.toml", "--state", self.path("pools"))
        self.until(lambda: self.zonda("pool", "list", "-q").out == "batch\n", "the pool")
        self.assertEqual(self.zonda("run", "--label", "pool=batch", "--", "printenv", "SLURM_JOB_NAME").out,
                         "batch-1\n")
        self.until(lambda: self.status()["workers"] == 0, "it to leave, idle")
        self.until(lambda: not self.slurm.queue(), "the allocation to end")
        self.assertIn("+1: 1 queued, not measured yet", self.zonda("scale", "log").out)
        manager.send_signal(signal.SIGTERM)
        self.assertEqual(manager.wait(harness.TIMEOUT), 0)

    def test_an_allocation_that_ends_before_its_worker_came_is_not_awaited(self):
        with open(self.path("pools.toml"), "w", encoding="utf-8") as file:
            file.write('[late]\nlauncher = "slurm"\nmin = 1\nmax = 1\n'
                       f'sbatch = ["--chdir={self.directory}", "--begin=now+1hour"]\n')
        manager = self.start("pool", "start", "--config", "pools.toml", "--state", self.path("late"))
        self.until(self.slurm.queue, "the allocation to be asked for")
        self.slurm.run("scancel", "--name=late-1")
        self.until(lambda: "given up: late-1 ended before it was here" in self.zonda("scale", "log").out,
                   "it to be given up")
        self.expect(self.zonda("scale", "late", "0"), 0)
        self.until(lambda: not self.slurm.queue(), "what was asked for since to be taken back")
        manager.send_signal(signal.SIGTERM)
        self.assertEqual(manager.wait(harness.TIMEOUT), 0)


if __name__ == "__main__":
    harness.run(needs_broker=True)
