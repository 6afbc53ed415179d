"""What needs no broker: mistakes, help, configuration, unreachable brokers."""
import json
import os
import subprocess

import harness
from harness import CliTest

COMMANDS = """up; down; run; map; submit; call; job; job list; job info; job wait; job result; job cancel;
job retry; job forget; task list; task info; task explain; worker start; worker list; worker info;
worker drain;
worker stop; broker start; status; check live; check ready; check workers; check backlog; bench; completion;
version""".replace("\n", " ").split(";")


class Usage(CliTest):
    def test_every_command_helps(self):
        self.assertIn("commands:", self.expect(self.zonda("--help"), 0).out)
        for command in COMMANDS:
            with self.subTest(command):
                answer = self.expect(self.zonda(*command.split(), "--help"), 0)
                self.assertIn("usage: zonda " + command.strip(), answer.out)
                self.assertLess(answer.out.index("zonda "), answer.out.index("usage:"), "examples come first")
                self.assertEqual(answer.err, "")

    def test_mistakes_are_usage_errors(self):
        job = "0" * 25 + "1"
        for words, err in [
                ([], "no command"),
                (["mpa"], "unknown command 'mpa'\nhint: did you mean 'map'"),
                (["job", "lits"], "did you mean 'list'"),
                (["kays"], "unknown command"),
                (["status", "--ouptut", "json"], "did you mean '--output'"),
                (["status", "-o", "yaml"], "not one of table"),
                (["status", "extra"], "unexpected 'extra'"),
                (["status", "--broker"], "needs a value"),
                (["status", "--connect-timeout", "5"], "not a duration"),
                (["run"], "expected -- CMD"),
                (["map"], "expected -- CMD"),
                (["run", "--retries", "-1", "--", "true"], "not a number"),
                (["run", "--resource", "gpu", "--", "true"], "not NAME=VALUE"),
                (["run", "--env", "X", "--", "true"], "not NAME=VALUE"),
                (["submit", "--array", "", "--", "true"], "--array"),
                (["run", "--timeout", "0s", "--", "true"], "--timeout: '0s' is no time at all"),
                (["map", "--deadline", "0", "--", "true"], "--deadline: '0' is no time at all"),
                (["submit", "--timeout", "0ms", "--", "true"], "no time at all"),
                (["task", "list", job, "--state", "bogus"], "not one of queued"),
                (["task", "list", job, "--state", "runing"], "did you mean 'running'"),
                (["submit", "--array", "9-1", "--", "true"], "ends before it begins"),
                (["call", "f", "{}"], "not a JSON array"),
                (["call", "f", "[1"], "not JSON"),
                (["job", "info", "x"], "not the id of a job"),
                (["job", "cancel", job, "x"], "not the id of a job"),
                (["task", "info", job], "a task is JOB/INDEX"),
                (["job", "wait", job, "--fail-on", "some"], "not one of any"),
                (["broker", "start"], "a broker needs either --data DIR or --memory"),
                (["broker", "start", "--memory", "--data", "x"], "choose one"),
                (["broker", "start", "--memory", "--bind", "bogus"], "hint: an address is tcp://"),
                (["broker", "start", "--memory", "--bind", "tcp://127.0.0.1:40000"], "hint: an address is"),
                (["worker", "start", "--slots", "0"], "--slots: at least 1"),
                (["worker", "start", "--slots", "65537"], "--slots: at most 65536"),
                (["bench", "throughput", "--workers", "0"], "--workers: at least 1"),
                (["bench", "latency", "--slots", "0"], "--slots: at least 1"),
                (["bench", "latency", "--tasks", "0"], "--tasks: at least 1"),
                (["completion", "tcsh"], "no completion"),
                (["status", "-b", "http://x"], ""),
                (["status", "-b", "tcp://host:99999"], ""),
                (["status", "-b", "ipc://relative"], ""),
        ]:
            with self.subTest(words):
                answer = self.expect(self.zonda(*words), 2, err)
                self.assertEqual(answer.out, "")
                self.assertTrue(answer.err.startswith("zonda: "), answer)

    def test_an_unreachable_broker_is_named_and_soon_given_up(self):
        for words in (["status"], ["job", "list"], ["check", "live"], ["check", "ready"],
                      ["run", "--", "true"],
                      ["submit", "--", "true"], ["worker", "list"], ["call", "f", "[]"]):
            with self.subTest(words):
                answer = self.expect(self.zonda("--connect-timeout", "300ms", *words), 6,
                                     "zonda: cannot reach broker .*: no answer in 300ms\nhint: ")
                self.assertIn(self.address, answer.err)
                self.assertEqual(answer.out, "")
        self.expect(self.zonda("--connect-timeout", "300ms", "map", "--", "true", stdin=b"x\n"), 6)

    def test_errors_are_objects_for_programs(self):
        answer = self.expect(self.zonda("status", "-o", "json", "--connect-timeout", "300ms"), 6)
        error = json.loads(answer.err)["error"]
        self.assertEqual((error["code"], error["exit_code"]), ("unreachable", 6))
        self.assertIn("cannot reach broker", error["message"])
        self.assertEqual(json.loads(self.expect(self.zonda("nope", "-o", "json"), 2).err)["error"]["code"],
                         "usage")

    def test_no_input_is_success(self):
        for words in (["map", "--", "true"], ["map", "-0", "--", "true"],
                      ["map", "-a", "/dev/null", "--", "true"]):
            answer = self.expect(self.zonda(*words), 0)
            self.assertEqual((answer.out, answer.err), ("", ""))

    def test_files_that_cannot_be_read_are_failures(self):
        self.expect(self.zonda("map", "-a", "/nonexistent", "--", "true"), 1, "cannot read /nonexistent")

    def test_the_version(self):
        self.assertRegex(self.expect(self.zonda("version"), 0).out, r"^zonda \d+\.\d+\.\d+\n$")
        self.assertEqual(self.zonda("--version").out, self.zonda("version").out)
        self.assertEqual(self.zonda("help", "job", "list").out, self.zonda("job", "list", "--help").out)
        self.assertEqual(self.expect(self.zonda("broker", "start", "--memory", "-b", "tcp://h"), 2).out, "")
        self.assertEqual(self.zonda("version", "-o", "json").json()["schema"], "zonda.version/1")

    def test_completion_is_valid_shell(self):
        script = self.expect(self.zonda("completion", "bash"), 0).raw
        subprocess.run(["bash", "-n"], input=script, check=True, timeout=harness.TIMEOUT)
        complete = script + b'\nCOMP_WORDS=(zonda job li); COMP_CWORD=2; _zonda; echo "${COMPREPLY[@]}"\n'
        answer = subprocess.run(["bash"], input=complete, capture_output=True, timeout=harness.TIMEOUT)
        self.assertEqual(answer.stdout, b"list\n", answer.stderr)
        for shell in ("zsh", "fish"):
            self.assertIn("explain", self.expect(self.zonda("completion", shell), 0).out)

    def test_output_that_cannot_be_written_is_a_failure(self):
        with open("/dev/full", "wb") as full:
            answer = subprocess.run([harness.BINARY, "version"], stdout=full, stderr=subprocess.PIPE,
                                    env=self.environment, timeout=harness.TIMEOUT)
        self.assertEqual(answer.returncode, 1)
        self.assertIn(b"cannot write output", answer.stderr)


class Configuration(CliTest):
    def setUp(self):
        self.project = self.path("project")
        self.home = self.path(".config/zonda")
        os.makedirs(self.project, exist_ok=True)
        os.makedirs(self.home, exist_ok=True)
        self.write("project/zonda.toml", "")
        self.write(".config/zonda/config.toml", "")

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def broker_of(self, *words, env=None):
        """The address that was used, as the complaint names it."""
        answer = self.zonda(*words, "status", "--connect-timeout", "100ms", env=env, cwd=self.project)
        self.expect(answer, 6)
        return answer.err.split("broker ")[1].split(": no")[0]

    def test_near_outweighs_far(self):
        self.write(".config/zonda/config.toml", 'broker = "tcp://127.0.0.1:10001"\n')
        self.assertEqual(self.broker_of(env={"ZONDA_BROKER": ""}), "tcp://127.0.0.1:10001")
        self.write("project/zonda.toml", 'broker = "tcp://127.0.0.1:10002"\n')
        self.assertEqual(self.broker_of(env={"ZONDA_BROKER": ""}), "tcp://127.0.0.1:10002")
        self.assertEqual(self.broker_of(env={"ZONDA_BROKER": "tcp://127.0.0.1:10003"}),
                         "tcp://127.0.0.1:10003")
        self.assertEqual(self.broker_of("-b", "tcp://127.0.0.1:10004"), "tcp://127.0.0.1:10004")

    def test_unknown_keys_are_errors(self):
        self.write("project/zonda.toml", 'brokr = "x"\n')
        self.expect(self.zonda("status", cwd=self.project), 2,
                    "unknown key 'brokr'\nhint: did you mean 'broker'")
        self.write("project/zonda.toml", "[worker]\nslot = 2\n")
        self.expect(self.zonda("status", cwd=self.project), 2, "did you mean 'worker.slots'")
        self.write("project/zonda.toml", "a = = b\n")
        self.expect(self.zonda("status", cwd=self.project), 2, r"zonda\.toml:1: ")

    def test_values_are_checked_wherever_they_come_from(self):
        self.write("project/zonda.toml", 'connect_timeout = "soon"\n')
        self.expect(self.zonda("status", cwd=self.project), 2, "not a duration")
        self.expect(self.zonda("status", env={"ZONDA_OUTPUT": "yaml"}), 2, "not one of")


if __name__ == "__main__":
    harness.run(needs_broker=False)
