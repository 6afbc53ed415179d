"""zonda deploy ssh, status, stop and upgrade, against a real sshd on loopback; and zonda agent by itself."""
import os
import re
import shutil
import signal
import subprocess
import sys

import harness
from harness import GuardedTest

SSHD = shutil.which("sshd") or "/usr/sbin/sshd"


class Deploy(GuardedTest):
    """A broker with keys, and an sshd to whom this machine is "one" and "two", with a home for each."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ssh = cls.start_sshd()
        for host in ("one", "two"):
            os.mkdir(os.path.join(cls.directory, host))

    @classmethod
    def start_sshd(cls):
        def path(name):
            return os.path.join(cls.directory, name)
        for name in ("host_key", "user_key"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path(name)], check=True)
        port = harness.free_port()
        with open(path("sshd_config"), "w", encoding="utf-8") as file:
            file.write(f"ListenAddress 127.0.0.1:{port}\nHostKey {path('host_key')}\nUsePAM no\n"
                       f"PidFile none\nAuthorizedKeysFile {path('user_key.pub')}\n"
                       "StrictModes no\nPermitRootLogin yes\n"
                       "PasswordAuthentication no\nKbdInteractiveAuthentication no\n")
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", exist_ok=True)  # where sshd puts who it serves
        cls.started.append(subprocess.Popen([SSHD, "-D", "-f", path("sshd_config")],
                                            stderr=subprocess.DEVNULL))
        with open(path("ssh_config"), "w", encoding="utf-8") as file:
            file.write("Host gone\n HostName 127.0.0.1\n Port 1\n"
                       f"Host one two\n HostName 127.0.0.1\n Port {port}\n IdentityFile {path('user_key')}\n"
                       " StrictHostKeyChecking no\n UserKnownHostsFile /dev/null\n LogLevel ERROR\n")
        ssh = f"ssh -F {path('ssh_config')}"
        probe = [*ssh.split(), "one", "true"]
        cls.until(lambda: subprocess.run(probe, capture_output=True, check=False).returncode == 0, "sshd")
        return ssh

    @classmethod
    def tearDownClass(cls):
        cls.zonda("deploy", "stop", cls.hosts_file())
        super().tearDownClass()

    @classmethod
    def hosts_file(cls, more="", hosts=("one", "two")):
        path = os.path.join(cls.directory, "hosts.toml")
        names = ", ".join(f'"{name}"' for name in hosts)
        with open(path, "w", encoding="utf-8") as file:
            file.write(f'broker = "{cls.address}"\nkeys = "{cls.keys}"\nssh = "{cls.ssh}"\n'
                       f"hosts = [{names}]\nslots = 1\nspool-max = 0\n{more}\n")
            for name in hosts:
                file.write(f'["{name}"]\ndirectory = "{cls.directory}/{name}"\n'
                           f'label = {{ host = "{name}" }}\nname = "worker-{name}"\n')
        return path

    def deploy(self, order, *words, code=0, **hosts):
        hosts_file = self.hosts_file(**hosts)
        answer = self.expect(self.zonda("deploy", order, hosts_file, "-o", "json", *words), code)
        document = answer.json()
        self.assertEqual(document["schema"], f"zonda.deploy.{order}/1")
        return {entry["host"]: entry for entry in document["hosts"]}

    def tearDown(self):
        self.deploy("stop")

    def workers(self):
        return sorted(self.zonda("worker", "list", "-q").out.split())

    def test_workers_come_run_and_leave(self):
        entries = self.deploy("ssh")
        self.assertEqual([entry["state"] for entry in entries.values()], ["started", "started"])
        self.assertEqual(self.workers(), ["worker-one", "worker-two"])
        answer = self.zonda("run", "--label", "host=two", "--", "readlink", "/proc/self/cwd")
        self.assertEqual(answer.code, 0)
        key = os.path.join(self.directory, "one", "worker.key")
        self.assertEqual(os.stat(key).st_mode & 0o777, 0o600)
        pids = {name: entry["pid"] for name, entry in self.deploy("status").items()}
        again = self.deploy("ssh")
        self.assertEqual({name: entry["pid"] for name, entry in again.items()}, pids)
        self.assertEqual([entry["state"] for entry in again.values()], ["running", "running"])
        stopped = self.deploy("stop")
        self.assertEqual([entry["state"] for entry in stopped.values()], ["stopped", "stopped"])
        self.assertEqual(self.workers(), [])
        self.assertEqual([entry["state"] for entry in self.deploy("status").values()], ["stopped", "stopped"])

    def test_what_is_copied_needs_nothing_of_this_machine(self):
        self.deploy("ssh", hosts=("one",))
        program = os.path.join(self.directory, "one", "current", "bin", "zonda")
        loaded = subprocess.run(["ldd", program], capture_output=True, check=True).stdout.decode()
        brought = [line for line in loaded.splitlines() if re.search(r"lib(zmq|pgm|stdc)", line)]
        self.assertEqual(len(brought), 3, loaded)
        self.assertTrue(all("/one/" in line for line in brought), loaded)

    def test_an_upgrade_loses_nothing(self):
        self.deploy("ssh")
        mapped = self.start("map", "--", "sh", "-c", "sleep 0.05; echo {}")
        mapped.stdin.write("".join(f"{number}\n" for number in range(100)).encode())
        mapped.stdin.close()
        mapped.stdin = None
        self.until(lambda: self.status()["done"] > 0, "the first to be done")
        before = {name: entry["pid"] for name, entry in self.deploy("status").items()}
        entries = self.deploy("upgrade")
        self.assertEqual([entry["state"] for entry in entries.values()], ["started", "started"])
        self.assertTrue(all(entries[name]["pid"] != pid for name, pid in before.items()))
        out, err = mapped.communicate(timeout=harness.TIMEOUT)
        self.assertEqual(mapped.returncode, 0, err)
        self.assertEqual(out.decode().split(), [str(number) for number in range(100)])
        status = self.status()
        self.assertEqual((status["lost"], status["retried"]), (0, 0))

    def test_an_upgrade_by_name_keeps_options_and_key(self):
        self.deploy("ssh", hosts=("one",))
        words = ["one", "--ssh", self.ssh, "--directory", self.path("one"), "-o", "json"]
        answer = self.zonda("deploy", "upgrade", *words, env={"ZONDA_KEYS": "", "ZONDA_BROKER": ""})
        entry = self.expect(answer, 0).json()["hosts"][0]
        self.assertEqual((entry["state"], entry["detail"]), ("started", "connected"))
        self.assertEqual(self.workers(), ["worker-one"])

    def test_an_upgrade_stops_at_the_first_that_does_not_come_back(self):
        self.deploy("ssh")
        entries = self.deploy("upgrade", code=10, more='isolation = "boat"')
        self.assertEqual(entries["one"]["state"], "failed")
        self.assertIn("not begun", entries["two"]["detail"])
        self.assertEqual(self.workers(), ["worker-two"])

    def test_a_worker_that_is_killed_comes_again(self):
        pid = self.deploy("ssh", hosts=("one",))["one"]["pid"]
        children = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, check=True).stdout.split()
        os.kill(int(children[0]), signal.SIGKILL)
        self.until(lambda: self.status()["workers_lost"] > 0, "the loss")
        self.until(lambda: self.workers() == ["worker-one"], "it to come again")

    def test_one_host_that_fails_does_not_hold_up_the_other(self):
        entries = self.deploy("ssh", code=10, hosts=("one", "nowhere.invalid"))
        self.assertEqual(entries["one"]["state"], "started")
        self.assertEqual(entries["nowhere.invalid"]["state"], "failed")
        self.assertIn("ssh: ", entries["nowhere.invalid"]["detail"])

    def test_what_the_worker_says_is_told(self):
        entries = self.deploy("ssh", code=2, more="isolation = \"boat\"", hosts=("one",))
        self.assertRegex(entries["one"]["detail"], "boat")
        entries = self.deploy("status", hosts=("two",))
        self.assertEqual(entries["two"]["state"], "stopped")

    def test_mistakes(self):
        self.expect(self.zonda("deploy", "ssh", "-b", "", "one", env={"ZONDA_BROKER": ""}), 2, "no broker")
        self.expect(self.zonda("deploy", "ssh", "one", "--keys", os.path.join(self.keys, "client.key")), 2,
                    "is the key of a client")
        with open(self.path("empty.toml"), "w", encoding="utf-8") as file:
            file.write("slots = 1\n")
        self.expect(self.zonda("deploy", "ssh", self.path("empty.toml")), 2, "no 'hosts'")
        self.expect(self.zonda("deploy", "status"), 2)
        self.expect(self.zonda("deploy", "status", "--", "-oProxyCommand=x"), 2, "no name of a host")
        for line, why in (('["three"]\nslots = 1', "is none of 'hosts'"), ('join = "x"', "a join token"),
                          ('hosts = ["-x"]', "no name of a host")):
            with open(self.path("wrong.toml"), "w", encoding="utf-8") as file:
                file.write(line if line.startswith("hosts") else 'hosts = ["one"]\n' + line)
            self.expect(self.zonda("deploy", "ssh", self.path("wrong.toml")), 2, why)

    def test_a_pool_of_hosts(self):
        with open(self.path("pools.toml"), "w", encoding="utf-8") as file:
            file.write(f'[far]\nlauncher = "ssh"\nhosts = ["{self.hosts_file()}"]\nmin = 2\nmax = 2\n')
        manager = self.start("pool", "start", "--config", "pools.toml", "--state", self.path("pools"))

        def workers():
            listed = self.zonda("worker", "list", "-o", "json").json()["workers"]
            return sorted(each["worker"] for each in listed if each["labels"].get("pool") == "far")
        self.until(lambda: workers() == ["far-one-1", "far-two-1"], "a worker on each host")
        self.expect(self.zonda("run", "--label", "pool=far", "--", "true"), 0)
        self.expect(self.zonda("scale", "far", "3"), 0)
        self.until(lambda: "full: there is no place for more workers" in self.zonda("scale", "log").out,
                   "the hosts to be full")
        self.expect(self.zonda("scale", "far", "0"), 0)
        self.until(lambda: workers() == [], "them to leave")
        manager.send_signal(signal.SIGTERM)
        self.assertEqual(manager.wait(harness.TIMEOUT), 0)

    def test_a_host_that_is_gone_does_not_hold_up_a_pool(self):
        with open(self.path("pools.toml"), "w", encoding="utf-8") as file:
            file.write(f'[some]\nlauncher = "ssh"\nhosts = ["{self.hosts_file(hosts=("gone", "one"))}"]\n'
                       'min = 1\nmax = 1\n')
        manager = self.start("pool", "start", "--config", "pools.toml", "--state", self.path("gone-pools"))

        def some():
            listed = self.zonda("worker", "list", "-o", "json").json()["workers"]
            return [each["worker"] for each in listed if each["labels"].get("pool") == "some"]
        self.until(lambda: some() == ["some-one-1"], "the host that is there")
        self.assertIn("failed: some-gone-1: gone: ssh: ", self.zonda("scale", "log", "some").out)
        self.assertTrue(os.path.exists(self.path("one/pools/some.key")))  # not the key of what is deployed
        self.expect(self.zonda("scale", "some", "0"), 0)
        self.until(lambda: some() == [], "it to leave")
        manager.send_signal(signal.SIGTERM)
        self.assertEqual(manager.wait(harness.TIMEOUT), 0)


class Agent(GuardedTest):
    """By itself: what it is told before and after the `--` counts, and it starts as it was."""

    def agent(self, order, *words, code=0):
        words = (order, "--directory", self.path("agent"), "-o", "json", *words)
        return self.expect(self.zonda("agent", *words, env={"ZONDA_BROKER": "", "ZONDA_KEYS": ""}), code)

    def test_starts_tells_and_stops(self):
        self.assertEqual(self.agent("status").json()["state"], "stopped")
        self.assertEqual(self.agent("stop").json()["detail"], "none was running")
        started = self.agent("start", "-b", self.address, "--keys", self.keys, "--", "--name", "mine").json()
        self.assertEqual(started["detail"], "connected")
        self.assertEqual(self.zonda("worker", "list", "-q").out.split(), ["mine"])
        told = self.agent("status").json()
        self.assertEqual((told["state"], told["detail"]), ("running", "connected"))
        self.assertEqual(told["pid"], started["pid"])
        other = self.agent("start", "--", "--name", "other").json()
        self.assertEqual((other["state"], other["pid"]), ("running", started["pid"]))
        self.assertIn("other options", other["detail"])
        self.assertEqual(os.stat(self.path("agent/agent.words")).st_mode & 0o777, 0o600)
        self.agent("stop")
        self.assertEqual(self.agent("start").json()["detail"], "connected")
        self.assertEqual(self.zonda("worker", "list", "-q").out.split(), ["mine"])
        self.agent("stop")

    def test_one_that_is_not_let_in_is_no_success(self):
        answer = self.agent("start", "-b", self.address, "--keys", self.key("client"), code=5)
        self.assertIn("runs no tasks", answer.err)


if __name__ == "__main__":
    if not os.path.exists(SSHD):
        print("skipped: there is no sshd (openssh-server)")
        sys.exit(77)
    harness.run(needs_broker=True)
