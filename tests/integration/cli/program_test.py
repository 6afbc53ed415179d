"""A program that is a worker has the options of `zonda worker start`: from the command line, the environment
and the files, with the same complaints and exit codes.

By hand: python3 tests/integration/cli/program_test.py ZONDA EXAMPLE_WORKER -v
"""
import json
import os
import signal
import subprocess
import sys

import harness
from harness import Answer, CliTest, ClusterTest

PROGRAM = None
NAME = None
MISTAKES = [
    (["--slot", "1"], "unknown option '--slot'\nhint: did you mean '--slots'?"),
    (["--slots"], "option --slots needs a value\nhint: 'PROGRAM --help' tells more"),
    (["--slots", "0"], "--slots: at least 1"),
    (["--slots", "65537"], "--slots: at most 65536"),
    (["--slots", "many"], "--slots: 'many' is not a number that fits"),
    (["--isolation", "proces"], "not one of process|thread\nhint: did you mean 'process'?"),
    (["--label", "disk"], "--label: 'disk' is not NAME=VALUE"),
    (["--resource", "gpu=-1"], "--resource: 'gpu=-1' is not an amount"),
    (["--drain-timeout", "5"], "--drain-timeout: '5' is not a duration\nhint: a number with a unit"),
    (["--broker", "bogus"], "hint: an address is tcp://host:5570 or ipc:///directory"),
    (["--broker", "tcp://host:0"], "hint: an address is tcp://host:5570 or ipc:///directory"),
    (["extra"], "unexpected 'extra'"),
    (["-x"], "unknown option '-x'\nhint: 'PROGRAM --help' tells more"),
]


def invocations():
    """The two ways to start a worker: with its words, and what it calls itself."""
    return [([harness.BINARY, "worker", "start"], "zonda worker start"), ([PROGRAM], NAME)]


class ProgramTest(CliTest):
    def answer(self, command, *words, env=None, cwd=None):
        return Answer(subprocess.run([*command, *words], stdin=subprocess.DEVNULL, capture_output=True,
                                     timeout=harness.TIMEOUT, env={**self.environment, **(env or {})},
                                     cwd=cwd or self.directory))

    def start_program(self, *words, env=None, cwd=None):
        process = subprocess.Popen([PROGRAM, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env={**self.environment, **(env or {})},
                                   cwd=cwd or self.directory)
        self.started.append(process)
        return process

    def project(self, name, text):
        """A directory with a zonda.toml."""
        directory = self.path(name)
        os.makedirs(directory, exist_ok=True)
        with open(os.path.join(directory, "zonda.toml"), "w", encoding="utf-8") as file:
            file.write(text)
        return directory


class Usage(ProgramTest):
    def test_help_lists_the_same_options(self):
        shown = []
        for command, called in invocations():
            answer = self.expect(self.answer(command, "--help"), 0)
            self.assertIn(f"usage: {called} [options]\n", answer.out)
            self.assertIn(f"  {called} --broker", answer.out)
            shown.append(answer.out[answer.out.index("\noptions:"):])
        self.assertEqual(shown[0], shown[1])
        for name in ("broker slots isolation name queue label resource drain-timeout orphan-timeout spool "
                     "spool-max no-exec quiet").split():
            self.assertIn("--" + name, shown[1])

    def test_mistakes_are_usage_errors(self):
        for words, err in MISTAKES:
            for command, called in invocations():
                with self.subTest(words=words, called=called):
                    answer = self.expect(self.answer(command, *words), 2)
                    self.assertTrue(answer.err.startswith("zonda: "), answer)
                    self.assertIn(err.replace("PROGRAM", called), answer.err)
                    self.assertEqual(answer.out, "")

    def test_mistakes_in_the_environment(self):
        for variable, value, err in [("SLOTS", "0", "--slots: at least 1"),
                                     ("LABEL", "a=b,c", "not NAME=VALUE"),
                                     ("NO_EXEC", "maybe", "neither true nor false"),
                                     ("BROKER", "bogus", "hint: an address is"),
                                     ("RESOURCE", "gpu", "not NAME=VALUE"),
                                     ("CONNECT_TIMEOUT", "5", "not a duration")]:
            for command, called in invocations():
                with self.subTest(variable=variable, called=called):
                    answer = self.expect(self.answer(command, env={"ZONDA_" + variable: value}), 2)
                    self.assertIn(err, answer.err)

    def test_mistakes_in_a_file(self):
        for text, err in [("brokr = 'x'\n", "unknown key 'brokr'\nhint: did you mean 'broker'?"),
                          ("[worker]\nslot = 1\n", "'worker.slot'\nhint: did you mean 'worker.slots'?"),
                          ("[wroker]\nslots = 1\n", "'wroker.slots'\nhint: did you mean 'worker.slots'?"),
                          ("[worker]\nslots = 0\n", "--slots: at least 1"),
                          ("a = = b\n", "zonda.toml:1: ")]:
            for command, called in invocations():
                with self.subTest(text=text, called=called):
                    answer = self.expect(self.answer(command, cwd=self.project("bad", text)), 2)
                    self.assertIn(err, answer.err)

    def test_errors_are_objects_for_programs(self):
        answer = self.expect(self.answer([PROGRAM], "-o", "json", "--slots", "0"), 2)
        self.assertEqual(json.loads(answer.err)["error"]["code"], "usage")


class Settings(ProgramTest, ClusterTest):
    def joined(self, name):
        """The worker as the broker knows it."""
        self.until(lambda: name in self.zonda("worker", "list", "-q").lines(), name + " to join")
        return self.zonda("worker", "info", name, "-o", "json").json()

    def leave(self, process):
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(harness.TIMEOUT), 0)
        return process.stderr.read().decode()

    def test_the_environment(self):
        process = self.start_program(env={"ZONDA_NAME": "from-env", "ZONDA_LABEL": "disk=ssd,rack=7",
                                          "ZONDA_RESOURCE": "gpu=2", "ZONDA_QUEUE": "fast,slow",
                                          "ZONDA_SLOTS": "3", "ZONDA_NO_EXEC": "1", "ZONDA_QUIET": "1"})
        worker = self.joined("from-env")
        self.assertEqual((worker["slots"], worker["labels"], worker["resources"]),
                         (3, {"disk": "ssd", "rack": "7"}, {"gpu": 2.0}))
        self.assertEqual(sorted(worker["queues"]), ["fast", "slow"])
        served = self.zonda("worker", "info", "from-env").out
        self.assertIn("math.square", served)
        self.assertNotIn("zonda.exec", served)
        self.assertNotIn("worker-start", self.leave(process))

    def test_a_file_and_what_outweighs_it(self):
        text = ("[worker]\nname = 'from-file'\nslots = 3\nno_exec = true\nisolation = 'thread'\n"
                "label = { disk = 'hdd' }\nresource = { gpu = 1.5 }\n"
                "[broker]\nbind = 'tcp://127.0.0.1:1'\n[up]\nworkers = 2\n")
        process = self.start_program("--label", "disk=ssd", env={"ZONDA_SLOTS": "2"},
                                     cwd=self.project("good", text))
        worker = self.joined("from-file")
        self.assertEqual((worker["slots"], worker["labels"], worker["resources"]),
                         (2, {"disk": "ssd"}, {"gpu": 1.5}))
        self.assertNotIn("zonda.exec", self.zonda("worker", "info", "from-file").out)
        self.assertEqual(self.expect(self.zonda("call", "math.square", "[7]"), 0).out.strip(), "49")
        self.assertIn("worker-start name=from-file", self.leave(process))

    def test_the_address_from_a_file(self):
        cwd = self.project("address", f"broker = '{self.address}'\nquiet = true\n")
        process = self.start_program("--name", "address", env={"ZONDA_BROKER": ""}, cwd=cwd)
        self.joined("address")
        self.assertNotIn("worker-start", self.leave(process))

    def test_refusals_have_their_exit_codes(self):
        process = self.start_program("--name", "twice")
        self.joined("twice")
        stranger = self.path("stranger")  # the cookie in it is another one
        os.mkdir(stranger, 0o700)
        for command, called in invocations():
            with self.subTest(called):
                self.expect(self.answer(command, "--name", "twice"), 4, "twice")
                self.expect(self.answer(command, env={"XDG_RUNTIME_DIR": stranger}), 5, "cookie")
        self.leave(process)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(f"usage: {sys.argv[0]} ZONDA EXAMPLE_WORKER [options of unittest]")
    PROGRAM = os.path.abspath(sys.argv.pop(2))
    NAME = os.path.basename(PROGRAM)
    harness.run(needs_broker=True)
