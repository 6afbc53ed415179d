"""zonda run and zonda call."""
import json
import os
import signal
import subprocess

import harness
from harness import CliTest, ClusterTest


class Run(ClusterTest):
    def test_output_and_exit_code_pass_through(self):
        answer = self.expect(self.zonda("run", "--shell", "--", "echo out; echo err >&2; exit 3"), 3)
        self.assertEqual((answer.out, answer.err), ("out\n", "err\n"))
        self.expect(self.zonda("run", "--", "true"), 0)
        self.assertEqual(self.zonda("run", "--", "echo", "{}", "[a,b]", "--help", "").out,
                         "{} [a,b] --help \n")

    def test_signals_and_missing_commands_have_the_codes_of_shells(self):
        self.expect(self.zonda("run", "--shell", "--", "kill -TERM $$"), 128 + 15)
        self.expect(self.zonda("run", "--", "/nonexistent/command"), 127, "not found")
        plain = self.path("plain")
        with open(plain, "w", encoding="utf-8") as file:
            file.write("no program")
        os.chmod(plain, 0o644)
        self.expect(self.zonda("run", "--", plain), 126, "not executable")

    def test_bytes_pass_unchanged(self):
        every_byte = bytes(range(256)) * 300
        with open(self.path("bytes"), "wb") as file:
            file.write(every_byte)
        self.assertEqual(self.zonda("run", "--stdin", "bytes", "--", "cat").raw, every_byte)
        self.assertEqual(self.zonda("run", "--stdin", "-", "--", "cat", stdin=every_byte).raw, every_byte)
        self.assertEqual(self.zonda("run", "--", "cat", stdin=b"not for the command").out, "")

    def test_environment_and_directory(self):
        self.assertEqual(self.zonda("run", "--env", "A=b=c", "--", "printenv", "A").out, "b=c\n")
        self.assertEqual(os.path.realpath(self.zonda("run", "--", "pwd").out.strip()),
                         os.path.realpath(self.directory))
        self.assertEqual(self.zonda("run", "--cwd", "/usr", "--", "pwd").out, "/usr\n")

    def test_a_directory_that_was_named_must_be_there(self):
        answer = self.expect(self.zonda("run", "--cwd", "/nonexistent/dir", "--", "pwd"), 8,
                             "no directory /nonexistent/dir")
        self.assertEqual(answer.out, "")
        here = self.path("removed-later")
        os.mkdir(here)
        script = 'rmdir "$0" && exec "$1" run -- pwd'  # not named, and not there: somewhere else
        answer = subprocess.run(["/bin/sh", "-c", script, here, harness.BINARY], cwd=here,
                                env=self.environment, capture_output=True, timeout=harness.TIMEOUT)
        self.assertEqual(answer.returncode, 0, answer.stderr)

    def test_an_object(self):
        script = "printf 'out\\377'; echo err >&2; exit 3"
        for output in ("json", "jsonl"):
            answer = self.expect(self.zonda("run", "-o", output, "--shell", "--", script), 3)
            result = answer.json()
            self.assertEqual((result["schema"], result["stderr"], result["exit_code"], result["kind"],
                              result["stdout_base64"]),
                             ("zonda.run/1", "err\n", 3, "failed", "b3V0/w=="))
            self.assertEqual(answer.err, "")
            self.assertEqual(len(answer.lines()) == 1, output == "jsonl")

    def test_output_is_live(self):
        go = self.path("go")
        process = self.start("run", "--shell", "--",
                             f"echo first; while ! [ -e {go} ]; do sleep 0.02; done; echo last")
        self.assertEqual(process.stdout.readline(), b"first\n")
        open(go, "w", encoding="utf-8").close()
        self.assertEqual(process.stdout.read(), b"last\n")
        self.assertEqual(process.wait(harness.TIMEOUT), 0)

    def test_a_timeout_is_a_failed_task(self):
        self.expect(self.zonda("run", "--timeout", "200ms", "--", "sleep", "100"), 8, "tim")

    def test_an_interrupt_cancels(self):
        for sent, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            process = self.start("run", "--shell", "--name", "interrupted", "--", "echo up; exec sleep 1000")
            self.assertEqual(process.stdout.readline(), b"up\n")
            process.send_signal(sent)
            self.assertEqual(process.wait(harness.TIMEOUT), code)
        self.until(lambda: self.zonda("status", "-o", "json", "--window", "10ms").json()["running"] == 0,
                   "the end of the command")

    def test_what_attempts_wrote_is_told_apart(self):
        mark = self.path("tried")
        script = f"echo begun; test -e {mark} && exit 0; touch {mark}; exit 1"
        answer = self.expect(self.zonda("run", "--retries", "1", "--shell", "--", script), 0)
        self.assertEqual(answer.out, "begun\nbegun\n")
        self.assertEqual(answer.err, "zonda: attempt 2: the output begins again\n")

    def test_what_a_worker_gave_back_is_told_apart(self):
        mark = self.path("begun")
        labelled = ("worker", "start", "--label", "drawn=lot", "--slots", "1")
        first = self.start(*labelled)
        run = self.start("run", "--label", "drawn=lot", "--shell", "--",
                         f"echo begun; test -e {mark} && exit 0; touch {mark}; exec sleep 1000")
        self.assertEqual(run.stdout.readline(), b"begun\n")
        first.send_signal(signal.SIGTERM)
        self.lines_until(first, "draining")
        first.send_signal(signal.SIGTERM)  # nothing went wrong with the task: it is the same attempt
        first.wait(harness.TIMEOUT)
        self.start(*labelled)
        self.assertEqual(run.wait(harness.TIMEOUT), 0)
        self.assertEqual(run.stdout.read(), b"begun\n")
        self.assertIn(b"the output begins again", run.stderr.read())

    def test_retries(self):
        script = "echo x >> tries; [ $(wc -l < tries) -ge 3 ]"
        self.expect(self.zonda("run", "--retries", "2", "--shell", "--", script), 0)

    def test_work_nobody_can_take_is_told(self):
        process = self.start("run", "--label", "planet=mars", "--", "true")
        self.assertIn(b"waiting: no worker", process.stderr.readline())
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(harness.TIMEOUT), 130)


class Call(ClusterTest):
    def test_a_function_by_name(self):
        answer = self.expect(self.zonda("call", "zonda.exec", '[{"argv": ["echo", "hi"]}]'), 0)
        self.assertEqual(answer.json()["stdout"], "hi\n")

    def test_failures(self):
        self.expect(self.zonda("call", "zonda.exec", '[{"argv": ["false"]}]'), 8, "failed")
        self.expect(self.zonda("call", "zonda.exec", "[7]"), 8)
        self.expect(self.zonda("call", "zonda.exce", "[]", "--timeout", "300ms"), 7,
                    "no worker serves the function zonda.exce\nhint: did you mean 'zonda.exec'")
        self.expect(self.zonda("call", "zonda.exec", "[]", "--signature", "(int) -> int"), 4,
                    "served: zonda.exec")
        self.expect(self.zonda("call", "zonda.exec", '[{"argv": ["sleep", "100"]}]', "--timeout", "300ms"), 7)


    def test_a_function_nobody_serves_waits(self):
        call = self.start("call", "zonda.exce", "[]")
        self.assertEqual(call.stderr.readline(),
                         b"zonda: waiting: no worker serves the function zonda.exce; "
                         b"did you mean 'zonda.exec'?\n")
        call.send_signal(signal.SIGINT)
        self.assertEqual(call.wait(harness.TIMEOUT), 130)


class Alone(CliTest):
    """With a broker that has no worker at first."""

    def start_broker(self):
        broker = self.start("broker", "start", "--memory", "--bind", self.address, "--quiet")
        self.until(lambda: self.zonda("check", "ready", "--connect-timeout", "500ms").code == 0, "the broker")
        return broker

    def stop(self, process):
        process.kill()
        process.wait(harness.TIMEOUT)

    def test_a_call_goes_through_when_a_worker_joins(self):
        broker = self.start_broker()
        call = self.start("call", "zonda.exec", '[{"argv": ["echo", "hi"]}]')
        self.assertEqual(call.stderr.readline(),
                         b"zonda: waiting: no worker serves the function zonda.exec\n")
        worker = self.start("worker", "start", "--slots", "1", "--quiet")
        self.assertEqual(json.loads(call.stdout.read())["stdout"], "hi\n")
        self.assertEqual(call.wait(harness.TIMEOUT), 0)
        self.stop(worker)
        self.stop(broker)

    def test_a_broker_that_is_away_is_told(self):
        broker = self.start_broker()
        worker = self.start("worker", "start", "--slots", "4", "--quiet")
        go = self.path("go-on")
        script = f"while ! [ -e {go} ]; do sleep 0.02; done"
        request = json.dumps([{"argv": [script], "shell": True}])
        waiting = [self.start("run", "--shell", "--", script),
                   self.start("map", "--shell", "--", ": {}; " + script),
                   self.start("call", "zonda.exec", request)]
        waiting[1].stdin.write(b"\n")
        waiting[1].stdin.close()
        waiting[1].stdin = None
        self.until(lambda: self.zonda("status", "-o", "json", "--window", "10ms").json()["running"] == 3,
                   "the tasks to run")
        broker.send_signal(signal.SIGSTOP)
        for process in waiting:
            self.assertEqual(process.stderr.readline().decode(),
                             f"zonda: waiting: no connection to the broker {self.address}, trying again\n")
        broker.send_signal(signal.SIGCONT)
        for process in waiting:
            self.assertEqual(process.stderr.readline().decode(),
                             f"zonda: connected to the broker {self.address} again\n")
        open(go, "w", encoding="utf-8").close()
        for process in waiting:
            self.assertEqual(process.wait(harness.TIMEOUT), 0)
            self.assertEqual(process.stderr.read(), b"")
        self.stop(worker)
        self.stop(broker)


if __name__ == "__main__":
    harness.run(needs_broker=True)
