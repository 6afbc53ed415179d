"""zonda submit, zonda job and zonda task."""
import json
import re
import signal

import harness
from harness import ClusterTest
from relay import Relay

NOBODY = "0" * 25 + "1"
TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"


class Job(ClusterTest):
    def submit(self, *words):
        answer = self.expect(self.zonda("submit", *words), 0)
        self.assertRegex(answer.out, "^[0-9a-z]{26}\n$")
        return answer.out.strip()

    def test_a_command_from_submit_to_result(self):
        job = self.submit("--name", "hello", "--", "echo", "hello")
        self.expect(self.zonda("job", "wait", job), 0)
        self.assertEqual(self.expect(self.zonda("job", "result", job), 0).out, "hello\n")
        self.assertEqual(self.zonda("job", "result", job).out, "hello\n", "results are kept")
        info = self.zonda("job", "info", job, "-o", "json").json()
        self.assertEqual((info["schema"], info["job"], info["name"], info["state"], info["tasks"],
                          info["done"]),
                         ("zonda.job.info/1", job, "hello", "done", 1, 1))
        self.assertRegex(info["submitted"], TIME)
        self.assertRegex(info["finished"], TIME)
        self.assertIsInstance(info["seconds"], float)

    def test_a_delay_is_waited_for(self):
        job = self.submit("--delay", "1h", "--", "true")
        self.assertRegex(self.zonda("task", "explain", job + "/0").out, "is delayed, and due in 3")
        self.expect(self.zonda("job", "cancel", job), 0)
        late = self.expect(self.zonda("run", "--delay", "100ms", "--", "echo", "late"), 0)
        self.assertEqual(late.out, "late\n")

    def test_arrays(self):
        job = self.submit("--array", "1-9:4", "--shell", "--", "echo {} $ZONDA_INDEX")
        self.assertEqual(self.expect(self.zonda("job", "result", job), 0).out, "1 1\n5 5\n9 9\n")
        document = self.zonda("submit", "--array", "0-4", "-o", "json", "--", "true").json()
        self.assertEqual((document["schema"], document["tasks"]), ("zonda.submit/1", 5))

    def test_lists(self):
        job = self.submit("--name", "listed", "--", "true")
        self.expect(self.zonda("job", "wait", job), 0)
        document = self.zonda("job", "list", "-o", "json").json()
        self.assertEqual(document["schema"], "zonda.job.list/1")
        self.assertIn(job, [each["job"] for each in document["jobs"]])
        self.assertIn(job, self.zonda("job", "list", "-q").lines())
        self.assertIn(job, self.zonda("job", "list", "--state", "done", "-o", "id").lines())
        self.assertNotIn(job, self.zonda("job", "list", "--state", "running", "-q").lines())
        table = self.zonda("job", "list").lines()
        self.assertRegex(table[0], "^JOB +NAME +FUNCTION +STATE +TASKS")
        self.assertTrue(any(re.match(f"{job}  listed ", line) for line in table))
        self.assertEqual(len(self.zonda("job", "list", "--limit", "1", "-q").lines()), 1)

    def test_failures(self):
        job = self.submit("--array", "0-2", "--shell", "--", "echo {}; [ {} != 1 ]")
        self.expect(self.zonda("job", "wait", job), 8, "1 of 3 tasks failed")
        self.expect(self.zonda("job", "wait", job, "--fail-on", "all"), 0)
        self.expect(self.zonda("job", "wait", job, "--fail-on", "never"), 0)
        answer = self.expect(self.zonda("job", "result", job), 8, "task 1 failed: exit code 1")
        self.assertEqual(answer.out, "0\n1\n2\n")
        self.assertEqual([each["index"] for each in
                          self.zonda("task", "list", job, "--state", "failed", "-o",
                                     "json").json()["tasks"]], [1])
        good = self.submit("--", "true")
        self.expect(self.zonda("job", "wait", good, job), 8)
        all_bad = self.submit("--", "false")
        self.expect(self.zonda("job", "wait", "--fail-on", "all", all_bad), 8)

    def test_retry_runs_the_failed_tasks_again(self):
        job = self.submit("--array", "0-3", "--shell", "--", "[ {} -lt 2 ] || [ -e mended ]")
        self.expect(self.zonda("job", "wait", job), 8)
        open(self.path("mended"), "w", encoding="utf-8").close()
        answer = self.expect(self.zonda("job", "retry", job), 0)
        self.assertRegex(answer.out, job + r" +retried as \w+")
        again = answer.out.split()[-1]
        self.assertNotEqual(again, job)
        self.expect(self.zonda("job", "wait", again), 0)
        self.assertEqual(self.zonda("job", "info", again, "-o", "json").json()["tasks"], 2)
        self.expect(self.zonda("job", "retry", again), 4, "no task of the job failed")

    def test_a_forgotten_job_is_forgotten_although_the_answer_was_lost(self):
        job = self.submit("--", "true")
        self.expect(self.zonda("job", "wait", job), 0)
        relay = Relay(harness.free_port(), int(self.address.rsplit(":", 1)[1]))
        self.addCleanup(relay.close)
        relay.question = b"job.forget"
        forget = self.start("job", "forget", "-y", job, "-b", relay.address)
        self.assertTrue(relay.heard.wait(harness.TIMEOUT))
        self.until(lambda: self.zonda("job", "info", job).code == 3, "it to be forgotten")
        relay.break_connections()
        self.assertEqual(forget.wait(harness.TIMEOUT), 0, forget.stderr.read())

    def test_waiting_ends_in_time(self):
        job = self.submit("--", "sleep", "1000")
        self.expect(self.zonda("job", "wait", job, "--timeout", "200ms"), 7, "is not over")
        self.expect(self.zonda("job", "result", job, "--timeout", "200ms"), 7)
        waiting = self.start("job", "wait", job)
        self.expect(self.zonda("job", "forget", job, "-y"), 4, "not over")
        self.expect(self.zonda("job", "cancel", job), 0)
        self.assertEqual(waiting.wait(harness.TIMEOUT), 9)
        self.expect(self.zonda("job", "wait", job), 9, "was cancelled")
        self.expect(self.zonda("job", "result", job), 9)

    def test_forget(self):
        job = self.submit("--", "true")
        self.expect(self.zonda("job", "wait", job), 0)
        self.expect(self.zonda("job", "forget", job), 0)
        self.expect(self.zonda("job", "result", job), 3)

    def test_what_is_not_there(self):
        for words in (["info"], ["wait"], ["result"], ["cancel"], ["retry"], ["forget"]):
            with self.subTest(words):
                self.expect(self.zonda("job", *words, NOBODY), 3, f"no job {NOBODY}")
        self.expect(self.zonda("task", "list", NOBODY), 3)
        self.expect(self.zonda("task", "info", NOBODY + "/0"), 3)
        self.expect(self.zonda("task", "explain", NOBODY + "/0"), 3)

    def test_some_of_several_targets(self):
        job = self.submit("--", "true")
        self.expect(self.zonda("job", "wait", job), 0)
        answer = self.expect(self.zonda("job", "info", job, NOBODY, "-q"), 10, NOBODY)
        self.assertEqual(answer.lines(), [job])
        self.expect(self.zonda("job", "forget", NOBODY, job), 10)
        self.expect(self.zonda("job", "result", job), 3)

    def test_tasks(self):
        job = self.submit("--array", "0-1", "--shell", "--", "echo {}; exit {}")
        self.expect(self.zonda("job", "wait", job), 8)
        info = self.zonda("task", "info", job + "/1", "-o", "json").json()
        self.assertEqual((info["schema"], info["index"], info["state"], info["exit_code"], info["scratch"]),
                         ("zonda.task.info/1", 1, "failed", 1, False))
        self.assertRegex(self.zonda("task", "info", job + "/0").out, r"(?m)^cwd +/")
        self.assertEqual(self.zonda("task", "list", job, "-q").lines(), [job + "/0", job + "/1"])
        self.expect(self.zonda("task", "info", job + "/2"), 3)

    def test_output_that_was_cut_is_told(self):
        job = self.submit("--array", "0-1", "--shell", "--",
                          "[ {} = 0 ] || head -c 16777217 /dev/zero | tr '\\0' x; echo end >&2")
        answer = self.expect(self.zonda("job", "result", job), 0)
        self.assertEqual(len(answer.raw), 16 << 20)
        self.assertEqual(answer.err, "end\nend\nzonda: output of task 1 was cut\n")
        info = self.zonda("task", "info", job + "/1", "-o", "json").json()
        self.assertIs(info["stdout_cut"], True)
        self.assertNotIn("stderr_cut", info)
        self.assertNotIn("stdout_cut", self.zonda("task", "info", job + "/0", "-o", "json").json())

    def test_results_are_one_document(self):
        job = self.submit("--array", "0-2", "--shell", "--", "echo {}; exit {}")
        document = self.expect(self.zonda("job", "result", job, "-o", "json"), 8).json()
        self.assertEqual((document["schema"], document["job"]), ("zonda.job.result/1", job))
        self.assertEqual([(each["index"], each["stdout"], each["exit_code"]) for each in document["results"]],
                         [(0, "0\n", 0), (1, "1\n", 1), (2, "2\n", 2)])
        lines = self.zonda("job", "result", job, "-o", "jsonl").lines()
        self.assertEqual(list(map(json.loads, lines)), document["results"])

    def test_a_document_that_ends_early_is_closed(self):
        job = self.submit("--array", "0-1", "--shell", "--", "[ {} = 0 ] || exec sleep 1000")
        self.until(lambda: self.zonda("task", "list", job, "--state", "done", "-q").lines(), "the first")
        answer = self.expect(self.zonda("job", "result", job, "-o", "json", "--timeout", "1s"), 7)
        self.assertEqual([each["index"] for each in answer.json()["results"]], [0])
        reader = self.start("job", "result", job, "-o", "json")
        first = reader.stdout.readline()
        reader.send_signal(signal.SIGINT)
        self.assertEqual([each["index"] for each in json.loads(first + reader.stdout.read())["results"]], [0])
        self.assertEqual(reader.wait(harness.TIMEOUT), 130)
        self.expect(self.zonda("job", "cancel", job), 0)

    def test_failures_are_told_with_every_attempt(self):
        job = self.submit("--retries", "1", "--shell", "--", "echo one >&2; echo two >&2; kill -TERM $$")
        self.expect(self.zonda("job", "wait", job), 8)
        info = self.zonda("task", "info", job + "/0", "-o", "json").json()
        self.assertEqual((info["state"], info["type"], info["signal"], info["attempts"], info["stderr_tail"]),
                         ("failed", "signal", 15, 2, "one\ntwo\n"))
        self.assertIn("signal 15", info["message"])
        self.assertTrue(info["host"])
        self.assertGreater(info["peak_rss_bytes"], 0)
        self.assertEqual([each["number"] for each in info["history"]], [1, 2])
        for each in info["history"]:
            self.assertEqual((each["kind"], bool(each["worker"]), bool(each["host"])), ("failed", True, True))
            self.assertIn("signal 15", each["message"])
        table = self.zonda("task", "info", job + "/0").out
        self.assertRegex(table, r"(?m)^history +1 failed on \S+ \(\S+\): .*signal 15")
        self.assertRegex(table, r"(?m)^history +2 failed on ")
        self.assertRegex(table, r"(?m)^stderr_tail +one\nstderr_tail +two$")

    def test_only_states_that_there_are_can_be_asked_for(self):
        job = self.submit("--array", "0-1", "--shell", "--", "exit {}")
        self.expect(self.zonda("job", "wait", job), 8)
        for state, count in (("queued", 0), ("running", 0), ("delayed", 0), ("done", 1), ("failed", 1),
                             ("crashed", 0), ("timed_out", 0), ("cancelled", 0), ("lost", 0), ("expired", 0)):
            answer = self.expect(self.zonda("task", "list", job, "--state", state, "-q"), 0)
            self.assertEqual(len(answer.lines()), count, state)

    def test_explanations(self):
        job = self.submit("--label", "planet=mars", "--", "true")
        explained = self.expect(self.zonda("task", "explain", job + "/0"), 0)
        self.assertRegex(explained.out, "no worker that serves zonda.exec has the label planet=mars")
        explained = self.zonda("task", "explain", job + "/0", "-o", "json").json()
        self.assertEqual((explained["schema"], explained["index"]), ("zonda.task.explain/1", 0))
        self.expect(self.zonda("job", "cancel", job), 0)

    def test_an_interrupted_wait_leaves_the_job(self):
        job = self.submit("--", "sleep", "1000")
        waiting = self.start("job", "wait", job)
        self.until(lambda: self.threads(waiting) > 2,
                   "the wait to begin")
        waiting.send_signal(signal.SIGINT)
        self.assertEqual(waiting.wait(harness.TIMEOUT), 130)
        self.assertIn(self.zonda("job", "info", job, "-o", "json").json()["state"], ("running", "queued"))
        self.expect(self.zonda("job", "cancel", job), 0)

    @staticmethod
    def threads(process):
        with open(f"/proc/{process.pid}/status", encoding="utf-8") as status:
            return int(re.search(r"Threads:\s+(\d+)", status.read())[1])


if __name__ == "__main__":
    harness.run(needs_broker=True)
