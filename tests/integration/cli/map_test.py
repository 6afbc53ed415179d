"""zonda map: distributed xargs."""
import base64
import json
import os
import re
import signal
import threading
import time

import harness
from harness import ClusterTest


class Map(ClusterTest):
    def test_outputs_come_in_input_order(self):
        inputs = [str(n) for n in range(2000)]
        answer = self.expect(self.zonda("map", "--", "echo", stdin="\n".join(inputs).encode()), 0)
        self.assertEqual(answer.lines(), inputs)
        self.assertEqual(answer.err, "")

    def test_slow_inputs_do_not_change_the_order(self):
        script = "case {} in 1) sleep 0.3;; esac; echo {}"
        self.assertEqual(self.zonda("map", "--shell", "--", script, stdin=b"1\n2\n3\n").out, "1\n2\n3\n")
        unordered = self.zonda("map", "--unordered", "--shell", "--", script, stdin=b"1\n2\n3\n")
        self.assertEqual(unordered.out, "2\n3\n1\n")

    def test_inputs_are_bytes(self):
        self.assertEqual(self.zonda("map", "--", "echo", "<{}>", stdin=b"a\n\nb c\nlast").out,
                         "<a>\n<>\n<b c>\n<last>\n")
        self.assertEqual(self.zonda("map", "--", "printf", "%s.", stdin=b"\xff\xfe\n*\n$HOME\n'\n").raw,
                         b"\xff\xfe.*.$HOME.'.")
        self.assertEqual(self.zonda("map", "-0", "--", "printf", "%s.", stdin=b"a\nb\0\0c").out, "a\nb..c.")
        self.assertEqual(self.zonda("map", "--shell", "--", "printf %s. {}", stdin=b"a b\n'$x'\n;\n").out,
                         "a b.'$x'.;.")

    def test_inputs_from_a_file(self):
        with open(self.path("inputs"), "w", encoding="utf-8") as file:
            file.write("x\ny\n")
        self.assertEqual(self.zonda("map", "-a", "inputs", "--", "echo").out, "x\ny\n")

    def test_marks_in_every_argument(self):
        self.assertEqual(self.zonda("map", "--", "echo", "{}", "a{}b{}", stdin=b"{}\n").out, "{} a{}b{}\n")

    def test_tags(self):
        answer = self.zonda("map", "--tag", "--shell", "--", "echo 1; printf 2", stdin=b"a\nb\n")
        self.assertEqual(answer.out, "a\t1\na\t2\nb\t1\nb\t2\n")

    def test_objects(self):
        script = "echo out; echo err >&2; exit {}"
        answer = self.expect(self.zonda("map", "-o", "jsonl", "--shell", "--", script, stdin=b"0\n7\n"), 8)
        good, bad = map(json.loads, answer.lines())
        self.assertEqual([good[key] for key in ("index", "input", "exit_code", "signal", "stdout", "stderr",
                                                "kind")],
                         [0, "0", 0, 0, "out\n", "err\n", "done"])
        self.assertEqual([bad[key] for key in ("index", "input", "exit_code", "kind", "attempt")],
                         [1, "7", 7, "failed", 1])
        self.assertGreater(bad["seconds"], 0)
        self.assertTrue(bad["worker"])

    def test_one_document(self):
        answer = self.expect(self.zonda("map", "-o", "json", "--shell", "--", "echo {}; exit {}",
                                        stdin=b"0\n7\n"), 8)
        document = answer.json()
        self.assertEqual(document["schema"], "zonda.map/1")
        self.assertEqual([(each["index"], each["stdout"], each["exit_code"]) for each in document["results"]],
                         [(0, "0\n", 0), (1, "7\n", 7)])
        self.assertEqual(self.expect(self.zonda("map", "-o", "json", "--", "true"), 0).json(),
                         {"schema": "zonda.map/1", "results": []})

    def test_a_document_grows_and_is_closed_at_an_interrupt(self):
        process = self.start("map", "-o", "json", "--shell", "--", "[ {} = a ] || exec sleep 1000")
        process.stdin.write(b"a\nb\n")
        process.stdin.flush()
        begin = b""
        while b'"kind"' not in begin:
            begin += os.read(process.stdout.fileno(), 65536)
        process.send_signal(signal.SIGINT)
        document = json.loads(begin + process.stdout.read())
        self.assertEqual(process.wait(harness.TIMEOUT), 130)
        self.assertEqual([each["input"] for each in document["results"]], ["a"])

    def test_bytes_that_are_no_text_come_exact(self):
        script = r"printf '\377out'; printf 'err\376' >&2; : {}"
        line, = self.zonda("map", "-o", "jsonl", "--shell", "--", script, stdin=b"\xfd\n").lines()
        result = json.loads(line)
        self.assertEqual([base64.b64decode(result[key + "_base64"]) for key in ("stdout", "stderr", "input")],
                         [b"\xffout", b"err\xfe", b"\xfd"])
        self.assertEqual((result["stdout"], result["input"]), ("\ufffdout", "\ufffd"))
        line, = self.zonda("map", "-o", "jsonl", "--", "echo", stdin="ü\n".encode()).lines()
        self.assertEqual([key for key in json.loads(line) if key.endswith("_base64")], [])

    def test_long_inputs_are_cut_where_they_are_told(self):
        answer = self.expect(self.zonda("map", "--shell", "--", "true {}", stdin=b"x" * 200_000 + b"\n"), 8)
        self.assertIn("failed: " + "x" * 200 + "…: ", answer.err)
        self.assertLess(len(answer.err), 2_000)

    def test_failures_are_told_with_their_input_and_stop_nobody(self):
        answer = self.expect(self.zonda("map", "--shell", "--", "echo {}; [ {} != b ]", stdin=b"a\nb\nc\n"),
                             8)
        self.assertEqual(answer.out, "a\nb\nc\n")
        self.assertIn("failed: b: exit code 1", answer.err)
        self.assertIn("1 of 3 inputs failed", answer.err)
        self.expect(self.zonda("map", "--", "/nonexistent", stdin=b"a\n"), 8, "not found")

    def test_enough_failures_stop_the_rest(self):
        inputs = b"".join(b"%d\n" % n for n in range(1000))
        answer = self.expect(self.zonda("map", "--max-fails", "3", "-o", "jsonl", "--", "false",
                                        stdin=inputs), 8)
        kinds = [json.loads(line)["kind"] for line in answer.lines()]
        self.assertGreaterEqual(kinds.count("failed"), 3)
        self.assertGreater(kinds.count("cancelled"), 0)

    def test_inputs_are_worked_on_as_they_come(self):
        process = self.start("map", "--", "echo")
        for word in (b"a\n", b"b\n"):
            process.stdin.write(word)
            process.stdin.flush()
            self.assertEqual(process.stdout.readline(), word)
        process.stdin.close()
        self.assertEqual(process.wait(harness.TIMEOUT), 0)

    def test_an_endless_producer_is_slowed_down(self):
        process = self.start("map", "--shell", "--", "sleep 0.05; echo {}")
        try:
            while process.poll() is None:  # fills the pipe and all that is behind it, until a result is there
                process.stdin.write(b"x" * 1000 + b"\n")
                if harness.select_readable(process.stdout):
                    break
            self.assertEqual(process.stdout.readline(), b"x" * 1000 + b"\n")
        finally:
            process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(harness.TIMEOUT), 130)

    def test_an_interrupt_cancels(self):
        process = self.start("map", "--unordered", "--shell", "--", "echo {}; [ {} = a ] || exec sleep 1000")
        process.stdin.write(b"a\nb\nc\n")
        process.stdin.flush()
        self.assertEqual(process.stdout.readline(), b"a\n")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(harness.TIMEOUT), 130)
        self.until(lambda: self.zonda("status", "-o", "json", "--window", "10ms").json()["running"] == 0,
                   "the end of the commands")

    def test_an_interrupt_cancels_also_what_the_broker_does_not_take(self):
        address = f"tcp://127.0.0.1:{harness.free_port()}"
        broker = self.start("broker", "start", "--memory", "--bind", address)
        self.until(lambda: self.zonda("check", "live", "-b", address).code == 0, "the broker")
        process = self.start("map", "-b", address, "--", "echo")
        process.stdin.write(b"a\n")
        process.stdin.flush()
        self.assertIn(b"waiting: no worker", process.stderr.readline())
        broker.send_signal(signal.SIGSTOP)
        threading.Thread(target=self.feed, args=(process.stdin, b"x" * (1 << 20) + b"\n", 400)).start()

        seen, since = 0, time.monotonic()

        def takes_no_more():
            nonlocal seen, since
            with open(f"/proc/{process.pid}/status") as status:
                now = int(re.search(r"VmRSS:\s+(\d+) kB", status.read())[1])
            if now != seen:
                seen, since = now, time.monotonic()
            return seen > 100 << 10 and time.monotonic() - since > 0.5
        self.until(takes_no_more, "as much as it keeps of what nobody accepts")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(harness.TIMEOUT), 130)
        broker.send_signal(signal.SIGCONT)

    @staticmethod
    def feed(stream, line, lines):
        try:
            for _ in range(lines):
                stream.write(line)
        except BrokenPipeError:
            pass

    def test_a_reader_that_leaves_ends_it(self):
        process = self.start("map", "--", "echo")
        process.stdin.write(b"a\n")
        process.stdin.flush()
        self.assertEqual(process.stdout.readline(), b"a\n")
        process.stdout.close()
        process.stdin.write(b"b\n")
        process.stdin.flush()
        self.assertEqual(process.wait(harness.TIMEOUT), 1)
        self.assertEqual(process.stderr.read(), b"")

    def test_work_nobody_can_take_is_told(self):
        process = self.start("map", "--queue", "nowhere", "--", "true")
        process.stdin.write(b"a\n")
        process.stdin.flush()
        self.assertIn(b"waiting: no worker", process.stderr.readline())
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(harness.TIMEOUT), 130)


if __name__ == "__main__":
    harness.run(needs_broker=True)
