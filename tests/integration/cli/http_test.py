"""The HTTP port of a broker: probes, metrics that promtool likes, the status, and who may ask."""
import json
import shutil
import signal
import subprocess
import unittest
import urllib.error
import urllib.request

import harness
from harness import CliTest

PROMTOOL = shutil.which("promtool")


class HttpTest(CliTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        port = int(cls.address.rsplit(":", 1)[1])
        cls.http = f"http://127.0.0.1:{port + 10}"
        cls.broker = cls.start("broker", "start", "--memory", "--bind", cls.address,
                               "--http-name", "broker.lab")
        cls.ready = cls.lines_until(cls.broker, "broker-ready")

    def get(self, path, headers=None, method="GET"):
        request = urllib.request.Request(self.http + path, headers=headers or {}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=harness.TIMEOUT) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def test_where_it_listens_is_in_the_log(self):
        self.assertIn(f"http={self.http}", self.ready)

    def test_probes(self):
        self.assertEqual(self.get("/healthz"), (200, "ok\n"))
        self.assertEqual(self.get("/readyz"), (200, "ok\n"))

    def test_the_status_follows_what_happens(self):
        job = self.zonda("submit", "-q", "--array", "0-2", "--", "true").out.strip()

        def queued():
            return json.loads(self.get("/api/v1/status")[1])["queued"]
        self.until(lambda: queued() == 3, "the tasks to be seen")
        asked = self.zonda("status", "-o", "json").json()
        told = json.loads(self.get("/api/v1/status")[1])
        self.assertEqual(set(told) - set(asked), set())
        self.assertEqual(set(asked) - set(told), {"broker", "tasks_per_second"})  # the tool's own
        self.zonda("job", "cancel", job)
        self.until(lambda: queued() == 0, "the tasks to be gone")

    @unittest.skipUnless(PROMTOOL, "promtool is not there (Debian: prometheus)")
    def test_metrics_are_what_prometheus_expects(self):
        text = self.get("/metrics")[1]
        self.assertIn("zonda_build_info{version=", text)
        check = subprocess.run([PROMTOOL, "check", "metrics"], input=text.encode(), capture_output=True,
                               timeout=harness.TIMEOUT, check=False)
        self.assertEqual((check.returncode, check.stderr, check.stdout), (0, b"", b""))

    def test_other_names_and_methods_are_refused(self):
        self.assertEqual(self.get("/healthz", {"Host": "evil.example"})[0], 421)
        self.assertEqual(self.get("/healthz", {"Host": "broker.lab"})[0], 200)
        self.assertEqual(self.get("/api/v1/status", method="POST")[0], 405)
        self.assertEqual(self.get("/etc/passwd")[0], 404)

    def test_a_pool_tells_its_wish(self):
        with open(self.path("pools.toml"), "w", encoding="utf-8") as file:
            file.write('[keda]\nlauncher = "none"\nmin = 2\nmax = 5\n')
        manager = self.start("pool", "start", "--config", "pools.toml", "--state", self.path("state"))

        def wish():
            status, body = self.get("/api/v1/pools/keda/scale")
            return json.loads(body)["desired"] if status == 200 else None
        self.until(lambda: wish() == 2, "its wish")
        self.assertIn('zonda_pool_workers_wanted{pool="keda"} 2', self.get("/metrics")[1])
        self.assertEqual(self.get("/api/v1/pools/other/scale")[0], 404)
        manager.send_signal(signal.SIGTERM)
        manager.wait(harness.TIMEOUT)

    def test_an_address_that_is_asked_for_must_be_had(self):
        other = f"tcp://127.0.0.1:{harness.free_port()}"
        http = f"127.0.0.1:{harness.free_port()}"
        self.assertEqual(self.zonda("broker", "start", "--memory", "--http", "nowhere:1").code, 2)
        broker = self.start("broker", "start", "--memory", "--bind", other, "--http", http)
        self.lines_until(broker, f"http=http://{http}")
        taken = self.zonda("broker", "start", "--memory", "--bind", "tcp://127.0.0.1:0", "--http", http)
        self.assertEqual(taken.code, 1)
        self.assertIn("in use", taken.err)
        broker.send_signal(signal.SIGTERM)
        self.assertEqual(broker.wait(harness.TIMEOUT), 0)

    def test_off(self):
        broker = self.start("broker", "start", "--memory", "--bind", f"ipc://{self.directory}/ipc")
        self.assertNotIn("http=", self.lines_until(broker, "broker-ready"))


if __name__ == "__main__":
    harness.run(needs_broker=True)
