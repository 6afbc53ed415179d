"""zonda run and zonda call."""
import os
import signal

import harness
from harness import ClusterTest


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
        self.expect(self.zonda("call", "zonda.exce", "[]"), 3,
                    "no worker serves .*\nhint: did you mean 'zonda.exec'")
        self.expect(self.zonda("call", "zonda.exec", "[]", "--signature", "(int) -> int"), 4,
                    "served: zonda.exec")
        self.expect(self.zonda("call", "zonda.exec", '[{"argv": ["sleep", "100"]}]', "--timeout", "300ms"), 7)


if __name__ == "__main__":
    harness.run(needs_broker=True)
