"""Several hosts, as network namespaces: workers on three of them, one slow, one cut off, the broker moved."""
import os
import signal
import subprocess
import time
import unittest

import harness
import network
from harness import CliTest

BROKER = "10.99.0.100"  # wherever it runs
TASKS = 300


@unittest.skipIf(network.missing(), "no network namespaces: " + network.missing())
class Hosts(CliTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.network = network.Network(["first", "second", "near", "slow", "far", "client"])
        cls.keys = os.path.join(cls.directory, "keys")
        cls.zonda("keys", "init", "--keys", cls.keys)
        cls.environment["ZONDA_KEYS"] = cls.keys
        cls.environment["ZONDA_BROKER"] = f"tcp://{BROKER}:5570"
        cls.network.move_address(BROKER, None, "first")
        cls.broker = cls.start_broker("first")

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.network.close()

    @classmethod
    def start_on(cls, host, *words):
        process = subprocess.Popen([*cls.network.on(host), harness.BINARY, *words], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=cls.environment,
                                   cwd=cls.directory)
        cls.started.append(process)
        return process

    @classmethod
    def start_broker(cls, host):
        process = cls.start_on(host, "broker", "start", "-q", "--bind", "tcp://0.0.0.0:5570", "--data",
                               os.path.join(cls.directory, "data"))
        cls.until(lambda: process.poll() is not None or cls.ask("check", "live").returncode == 0, "a broker")
        return process

    @classmethod
    def ask(cls, *words):
        return subprocess.run([*cls.network.on("client"), harness.BINARY, *words], capture_output=True,
                              timeout=harness.TIMEOUT, env=cls.environment, cwd=cls.directory, check=False)

    def status(self):
        answer = harness.Answer(self.ask("status", "-o", "json", "--connect-timeout", "20s"))
        self.assertEqual(answer.code, 0, answer)
        return answer.json()

    def start_worker(self, host):
        return self.start_on(host, "worker", "start", "-q", "--name", host, "--slots", "2",
                             "--spool-max", "0", "--label", "host=" + host)

    def test_a_job_outlives_a_cut_a_slow_line_and_a_move(self):
        log = self.path("runs")
        mapped = self.start_on("client", "map", "--retries", "5", "--", "sh", "-c",
                               f"echo {{}} >> {log}; sleep 0.05; echo {{}}")
        mapped.stdin.write("".join(f"{number}\n" for number in range(TASKS)).encode())
        mapped.stdin.close()
        mapped.stdin = None
        workers = {host: self.start_worker(host) for host in ("near", "slow", "far")}
        self.assertTrue(self.network.slow("slow", "64kbit"))
        self.until(lambda: self.status()["done"] > 20, "a beginning")
        self.network.cut("far")
        self.until(lambda: self.status()["workers_lost"] > 0, "the cut to be seen")
        self.broker.kill()
        self.broker.wait()
        self.network.move_address(BROKER, "first", "second")
        moved = self.start_broker("second")
        self.network.heal("far")
        self.until(lambda: self.status()["workers"] == 3, "all to be back")
        out, err = mapped.communicate(timeout=2 * harness.TIMEOUT)
        self.assertEqual(mapped.returncode, 0, err.decode())
        self.assertEqual(out.decode().split(), [str(number) for number in range(TASKS)])
        with open(log, encoding="utf-8") as file:
            runs = len(file.read().split())
        self.assertGreaterEqual(runs, TASKS)
        self.assertLess(runs, TASKS + 50)  # what was on the host that was cut off ran again
        for worker in workers.values():
            worker.send_signal(signal.SIGTERM)
        for worker in workers.values():
            self.assertEqual(worker.wait(harness.TIMEOUT), 0)
        self.assertIsNone(moved.poll())
        type(self).broker = moved

    def test_comes_and_goes_at_once(self):
        """No test of speed; but it says how long a worker on another host takes to be of use, and to go."""
        flag = self.path("ran")
        job = self.ask("submit", "--label", "host=near", "--", "touch", flag).stdout.decode().strip()
        began = time.monotonic()
        worker = self.start_worker("near")
        self.until(lambda: os.path.exists(flag), "its first task")
        first = time.monotonic() - began
        self.assertEqual(self.ask("job", "wait", job).returncode, 0)
        began = time.monotonic()
        worker.send_signal(signal.SIGTERM)
        self.assertEqual(worker.wait(harness.TIMEOUT), 0)
        print(f"first task after {first:.2f} s, gone after {time.monotonic() - began:.2f} s", flush=True)


if __name__ == "__main__":
    harness.run(needs_broker=True)
