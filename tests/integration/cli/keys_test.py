"""zonda keys, and brokers that ask for them."""
import os
import re
import signal
import socket
import stat

import harness
from harness import CliTest, GuardedTest

NULL_GREETING = b"\xff" + b"\0" * 8 + b"\x7f" + b"\x03\x00" + b"NULL".ljust(20, b"\0") + b"\0" + b"\0" * 31
NULL_READY = b"\x04\x19\x05READY\x0bSocket-Type\0\0\0\x06DEALER"


class Files(CliTest):
    def keys(self, *words):
        return self.zonda("keys", *words, "--keys", self.path(self.id().rsplit(".", 1)[-1]))

    def file(self, name):
        return os.path.join(self.path(self.id().rsplit(".", 1)[-1]), name)

    def test_init_makes_a_deployment(self):
        answer = self.expect(self.keys("init"), 0)
        self.assertIn("zonda broker start --keys", answer.out)
        for name in ("broker.key", "authorized_keys", "admin.key", "client.key", "worker.key"):
            self.assertEqual(stat.S_IMODE(os.stat(self.file(name)).st_mode), 0o600, name)
        self.assertEqual(stat.S_IMODE(os.stat(self.file(".")).st_mode), 0o700)
        listed = self.keys("list", "-o", "json").json()
        self.assertEqual(listed["schema"], "zonda.keys.list/1")
        self.assertEqual([(key["name"], key["role"], key["state"]) for key in listed["keys"]],
                         [("admin", "admin", "valid"), ("client", "client", "valid"),
                          ("worker", "worker", "valid")])
        self.expect(self.keys("init"), 4, "has keys already")

    def test_without_a_name_they_are_in_the_home_directory(self):
        document = self.zonda("keys", "init", "-o", "json").json()
        self.assertEqual(document["directory"], self.path(".config/zonda/keys"))

    def test_add_and_revoke(self):
        self.keys("init")
        self.assertEqual(self.keys("add", "--role", "client", "--name", "jane", "-q").out.strip(),
                         self.file("jane.key"))
        self.expect(self.keys("add", "--role", "worker", "--name", "jane"), 4,
                    "with the name jane\nhint: .*revoke")
        self.expect(self.keys("add", "--role", "boss", "--name", "joe"), 2)
        self.expect(self.keys("add", "--name", "joe"), 2, "--role is missing")
        self.expect(self.keys("add", "--role", "client", "--name", "a/b"), 2)
        self.keys("add", "--role", "client", "--name", "brief", "--expires", "1h")
        brief = self.keys("list", "-o", "json").json()["keys"][-1]
        self.assertRegex(brief["expires"], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.expect(self.keys("revoke", "jane"), 0)
        self.assertFalse(os.path.exists(self.file("jane.key")))
        self.assertNotIn("jane", self.keys("list", "-q").out)
        self.expect(self.keys("revoke", "jane"), 3, "no key is called jane")

    def test_a_token_is_one_line_and_no_secret_is_in_the_list(self):
        self.keys("init")
        token = self.expect(self.keys("token", "--uses", "3", "--name", "lab"), 0).out
        self.assertRegex(token, r"^zonda-join\.[A-Za-z0-9_-]{86}\n$")
        listed = self.keys("list", "-o", "json").json()["keys"][-1]
        self.assertEqual((listed["name"], listed["uses"], listed["state"]), ("lab", 3, "token"))
        with open(self.file("authorized_keys"), encoding="utf-8") as file:
            self.assertNotIn(token.strip()[11:54], file.read())

    def test_a_broker_needs_the_directory(self):
        self.keys("init")
        self.expect(self.zonda("broker", "start", "--memory", "--bind", self.address, "--keys",
                               self.file("admin.key")), 2, "no keys of a broker in .*\nhint: .*the directory")

    def test_a_join_token_is_for_a_broker_with_keys(self):
        self.keys("init")
        token = self.keys("token").out.strip()
        broker = self.start("broker", "start", "--memory", "--bind", self.address)
        self.lines_until(broker, "broker-ready")
        self.expect(self.zonda("worker", "start", "--join", token, "--keys", self.file("new.key")), 5,
                    "the broker has no keys, and this is one")

    def test_what_others_can_read_is_no_secret(self):
        self.keys("init")
        os.chmod(self.file("client.key"), 0o644)
        self.expect(self.zonda("status", "--keys", self.file("client.key")), 2,
                    "can be read by others\nhint: .*chmod")
        os.chmod(self.file("broker.key"), 0o640)
        self.expect(self.zonda("broker", "start", "--memory", "--bind", self.address, "--keys",
                               self.file(".")), 2, "can be read by others")

    def test_a_broker_for_others_needs_keys(self):
        self.expect(self.zonda("broker", "start", "--memory", "--bind", "tcp://0.0.0.0:0"), 1,
                    "zonda keys init")

    def test_a_directory_that_is_not_there(self):
        for words in (("list",), ("token",), ("revoke", "x"), ("add", "--role", "client", "--name", "x")):
            self.expect(self.keys(*words), 3, "no keys of a broker in .*\nhint: 'zonda keys init'")
        self.expect(self.zonda("broker", "start", "--memory", "--keys", self.path("nowhere")), 2, "keys init")
        self.expect(self.zonda("keys", "list", "--keys", "/etc/passwd"), 2, "is no directory")

    def test_an_open_door_is_said(self):
        broker = self.start("broker", "start", "--memory", "-q", "--insecure", "--bind",
                            f"tcp://0.0.0.0:{harness.free_port()}")
        self.assertIn(b"insecure whoever reaches these ports", broker.stderr.readline())
        broker.send_signal(signal.SIGTERM)
        self.assertEqual(broker.wait(harness.TIMEOUT), 0)

    def test_a_key_that_is_not_there(self):
        self.expect(self.zonda("status", "--keys", self.path("nowhere.key")), 2, "nowhere.key")
        os.mkdir(self.path("empty"))
        self.expect(self.zonda("status", "--keys", self.path("empty")), 2, "there is no admin.key")
        self.expect(self.zonda("worker", "start", "--join", "nonsense"), 2, "no join token")


class Guarded(GuardedTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.worker = cls.start("worker", "start", "--slots", "2")
        cls.lines_until(cls.worker, "connected")

    def make(self, role, name, *words):
        self.expect(self.zonda("keys", "add", "--role", role, "--name", name, *words), 0)
        return self.key(name)

    def test_who_has_a_key_works(self):
        answer = self.zonda("run", "--", "echo", "hi", env={"ZONDA_KEYS": self.key("client")})
        self.assertEqual((answer.out, answer.code), ("hi\n", 0))

    def test_without_a_key(self):
        answer = self.zonda("status", env={"ZONDA_KEYS": ""})
        self.expect(answer, 5, "nobody without a key")
        self.assertIn("hint: --keys PATH", answer.err)

    def test_with_an_unknown_key(self):
        self.expect(self.zonda("keys", "init", "--keys", self.path("others")), 0)
        with open(self.key("client"), encoding="utf-8") as file:
            broker = re.search(r"broker .*", file.read())[0]
        path = os.path.join(self.path("others"), "client.key")
        with open(path, encoding="utf-8") as file:
            text = re.sub(r"broker .*", broker, file.read())
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        before = self.status()["refused_keys"]
        self.expect(self.zonda("status", "--keys", path), 5, "does not admit this key")
        self.lines_until(self.broker, "key-refused")
        self.assertEqual(self.status()["refused_keys"], before + 1)

    def test_the_self_test_is_no_news(self):
        broker = self.start("broker", "start", "--memory", "--bind", "ipc://" + self.path("own"))
        self.lines_until(broker, "broker-ready")
        self.expect(self.zonda("keys", "add", "--role", "monitor", "--name", "later"), 0)
        log = self.lines_until(broker, "keys-read")  # by who looks for refusals, too
        broker.send_signal(signal.SIGTERM)
        self.assertEqual(broker.wait(harness.TIMEOUT), 0)
        self.assertNotIn("key-refused", log + broker.stderr.read().decode())

    def test_with_a_key_of_another_broker(self):
        self.expect(self.zonda("keys", "init", "--keys", self.path("elsewhere")), 0)
        answer = self.zonda("status", "--keys", self.path("elsewhere"), "--connect-timeout", "3s")
        self.expect(answer, 6, "may have another key than is expected|no answer in 3s")

    def test_a_worker_says_why_it_is_not_connected(self):
        self.expect(self.zonda("keys", "init", "--keys", self.path("others-worker")), 0)
        worker = self.start("worker", "start", "--keys", self.path("others-worker"))
        self.lines_until(worker, "may have another key than is expected")
        worker.send_signal(signal.SIGTERM)
        self.assertEqual(worker.wait(harness.TIMEOUT), 0)

    def test_roles(self):
        self.expect(self.zonda("status", "--keys", self.key("worker")), 5, "runs tasks and nothing else")
        self.expect(self.zonda("worker", "start", "--keys", self.key("client")), 5, "runs no tasks")
        eye = self.make("monitor", "eye")
        self.expect(self.zonda("status", "--keys", eye), 0)
        self.expect(self.zonda("run", "--keys", eye, "--", "true"), 5, "change nothing")
        self.expect(self.zonda("worker", "drain", "x", "--keys", self.key("client")), 5, "may not ask for")
        self.expect(self.zonda("worker", "drain", "x", "--keys", self.key("admin")), 3)

    def test_a_client_sees_its_own_jobs(self):
        jane, joe = self.make("client", "jane"), self.make("client", "joe")
        job = self.expect(self.zonda("submit", "--keys", jane, "--", "echo", "secret"), 0).out.strip()
        self.expect(self.zonda("job", "wait", job, "--keys", jane), 0)
        self.assertIn(job, self.zonda("job", "list", "-q", "--keys", jane).out)
        self.assertEqual(self.zonda("job", "list", "-q", "--keys", joe).out, "")
        self.expect(self.zonda("job", "result", job, "--keys", joe), 3)
        self.expect(self.zonda("job", "info", job, "--keys", joe), 3)
        self.expect(self.zonda("job", "cancel", job, "--keys", joe), 3)
        self.assertIn("secret", self.zonda("job", "result", job, "--keys", self.key("admin")).out)

    def test_a_key_that_is_revoked_ends_its_worker_and_its_task_runs_elsewhere(self):
        key = self.make("worker", "guest")
        worker = self.start("worker", "start", "--keys", key, "--label", "only=guest", "--name", "guest")
        self.lines_until(worker, "connected")
        flag = self.path("second-time")
        job = self.zonda("submit", "--label", "only=guest", "--", "sh", "-c",
                         f"test -e {flag} || {{ touch {flag}; exec sleep 100; }}").out.strip()
        self.until(lambda: os.path.exists(flag), "the task to begin")
        self.expect(self.zonda("keys", "revoke", "guest"), 0)
        self.assertEqual(worker.wait(harness.TIMEOUT), 5)
        self.assertIn(b"does not admit this key", worker.stderr.read())
        other = self.start("worker", "start", "--label", "only=guest", "--name", "other")
        self.expect(self.zonda("job", "wait", job, "--timeout", "30s"), 0)
        info = self.zonda("task", "info", job + "/0", "-o", "json").json()
        self.assertEqual(info["worker"], "other")
        other.send_signal(signal.SIGTERM)
        self.assertEqual(other.wait(harness.TIMEOUT), 0)

    def test_a_join_token_gets_a_worker_a_key_of_its_own_once(self):
        token = self.zonda("keys", "token").out.strip()
        home = {"ZONDA_KEYS": "", "XDG_CONFIG_HOME": self.path("new-host"), "ZONDA_JOIN": token}
        worker = self.start("worker", "start", "--name", "joined", "--label", "on=joined", env=home)
        self.lines_until(worker, "connected")
        self.assertIn("joined", self.zonda("keys", "list", "-q").lines())
        answer = self.zonda("run", "--label", "on=joined", "--", "sh", "-c", "echo ${ZONDA_JOIN-none}")
        self.assertEqual(answer.out, "none\n")
        worker.send_signal(signal.SIGTERM)
        self.assertEqual(worker.wait(harness.TIMEOUT), 0)
        again = self.start("worker", "start", "--name", "joined", env=home)  # it has a key now
        self.lines_until(again, "connected")
        again.send_signal(signal.SIGTERM)
        self.assertEqual(again.wait(harness.TIMEOUT), 0)
        home["XDG_CONFIG_HOME"] = self.path("third-host")
        self.expect(self.zonda("worker", "start", env=home), 5, "join token is not known")

    def test_a_token_opens_nothing_else(self):
        token = self.zonda("keys", "token").out.strip()
        path = self.path("token.key")
        with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
            file.write(f"client token\nsecret {token[11:54]}\nbroker {token[54:]}\n")
        self.expect(self.zonda("status", "--keys", path), 5, "is a join token's")

    def test_a_list_that_cannot_be_read_changes_nothing(self):
        path = os.path.join(self.keys, "authorized_keys")
        os.chmod(path, 0o644)
        self.lines_until(self.broker, "keys-unreadable")
        self.expect(self.zonda("status"), 0)
        os.chmod(path, 0o600)
        with open(path, "a", encoding="utf-8") as file:
            file.write("worker nonsense x\n")
        self.lines_until(self.broker, "key-ignored")
        self.expect(self.zonda("status"), 0)

    def test_strangers_are_no_trouble(self):
        host, port = self.address[len("tcp://"):].split(":")
        strangers = []
        bad = self.status()["bad_frames"]
        for offset in (0, 1, 2):
            for what in (b"", b"GET / HTTP/1.0\r\n\r\n", os.urandom(4096), NULL_GREETING,
                         NULL_GREETING + NULL_READY + b"\x01\x01x" * 1000):  # a message without an end
                for _ in range(20):
                    stranger = socket.create_connection((host, int(port) + offset))
                    strangers.append(stranger)
                    try:
                        stranger.sendall(what)
                    except ConnectionError:  # it was found out
                        pass
        answer = self.zonda("run", "--", "echo", "still here")
        self.assertEqual((answer.out, answer.code), ("still here\n", 0))
        self.assertEqual(self.status()["bad_frames"], bad)
        for stranger in strangers:
            stranger.close()


if __name__ == "__main__":
    harness.run(needs_broker=True)
