"""zonda bench."""
import glob
import json
import os
import signal

import harness
from harness import CliTest, ClusterTest

OWN = {"ZONDA_BROKER": "tcp://127.0.0.1:9"}  # a cluster of its own: only --broker names another
SMALL = ("--tasks", "2000", "-o", "json")


class OwnCluster(CliTest):
    def setUp(self):
        self.mark = f"ZONDA_TEST={self.id()}"
        self.env = {**OWN, "ZONDA_TEST": self.id()}

    def processes(self):
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/environ", "rb") as environ:
                    if self.mark.encode() in environ.read().split(b"\0"):
                        found.append(int(pid))
            except OSError:
                continue
        return found

    def measures(self):
        """True once a job runs at the broker of the measurement, whose address is in its command line."""
        for pid in self.processes():
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as line:
                    words = line.read().decode().split("\0")
            except OSError:
                continue
            if "--bind" in words:
                address = words[words.index("--bind") + 1]
                return self.zonda("-b", address, "job", "list", "--connect-timeout", "500ms", "-q").lines()
        return False

    def test_throughput_and_latency(self):
        report = self.expect(self.zonda("bench", "throughput", *SMALL, env=self.env), 0).json()
        self.assertEqual((report["schema"], report["name"], report["tasks"], report["workers"],
                          report["slots"], report["isolation"], report["transport"], report["outstanding"]),
                         ("zonda.bench/1", "throughput", 2000, 1, 2, "thread", "tcp", None))
        self.assertIsNone(report["filesystem"])
        for used in ("cpu_seconds", "max_rss_bytes"):
            self.assertEqual(sorted(report[used]), ["broker", "client", "worker"])
            self.assertGreater(report[used]["broker"], 0)
        answer = self.zonda("bench", "latency", "--tasks", "200", "--payload", "100", "-o", "json",
                            env=self.env)
        report = self.expect(answer, 0).json()
        self.assertGreater(report["p99_us"], 0)
        self.assertEqual(report["outstanding"], 1)
        self.assertEqual(self.processes(), [])

    def test_with_keys(self):
        elsewhere = {**self.env, "ZONDA_KEYS": self.path("of-another-broker")}
        document = self.expect(self.zonda("bench", "throughput", "--curve", *SMALL, env=elsewhere), 0).json()
        self.assertTrue(document["curve"])
        document = self.expect(self.zonda("bench", "throughput", *SMALL, env=elsewhere), 0).json()
        self.assertFalse(document["curve"])

    def test_single_calls_can_be_counted(self):
        rates = {}
        for words in ([], ["--outstanding", "1"]):
            report = self.expect(self.zonda("bench", "throughput", *words, *SMALL, env=self.env), 0).json()
            rates[report["outstanding"]] = report["tasks_per_second"]
        self.assertLess(rates[1] * 2, rates[None], "one at a time is much slower than a map")
        self.expect(self.zonda("bench", "latency", "--outstanding", "0", env=self.env), 2)

    def test_stream(self):
        for back in ([], ["--back"]):
            with self.subTest(back):
                answer = self.zonda("bench", "stream", *back, "--tasks", "20", "--payload", "300000",
                                    "-o", "json", env=self.env)
                report = self.expect(answer, 0).json()
                self.assertEqual((report["name"], report["tasks"], report["payload"]),
                                 ("stream", 20, 300000))
                self.assertGreater(report["bytes_per_second"], 0)
        self.assertEqual(self.processes(), [])

    def test_efficiency(self):
        for words in (["--tasks", "50"], ["--tasks", "20", "--work", "sleep", "--shortest", "1ms",
                                          "--longest", "9ms", "--slots", "4", "--isolation", "process"]):
            with self.subTest(words):
                answer = self.zonda("bench", "efficiency", *words, "-o", "json", env=self.env)
                report = self.expect(answer, 0).json()
                self.assertLess(0, report["efficiency"])
                self.assertLessEqual(report["efficiency"], 1)
                self.assertLess(0, report["ideal_seconds"])
                self.assertLessEqual(report["ideal_seconds"], report["seconds"])
        self.expect(self.zonda("bench", "efficiency", "--shortest", "2ms", env=self.env), 2,
                    "--shortest is longer than --longest")
        self.assertEqual(self.processes(), [])

    def test_depth(self):
        answer = self.zonda("bench", "depth", "--deep", "50000", "--shallow", "1000", "--tasks", "5000",
                            "-o", "json", env=self.env)
        report = self.expect(answer, 0).json()
        self.assertEqual((report["queued"], report["shallow_queued"], report["tasks"]), (50000, 1000, 5000))
        self.assertGreater(report["bytes_per_queued_task"], 32)
        for figure in ("ratio", "shallow_tasks_per_second", "broker_us_per_task",
                       "shallow_broker_us_per_task"):
            self.assertGreater(report[figure], 0)
        self.expect(self.zonda("bench", "depth", "--shallow", "999", env=self.env), 2, "at least 1000")
        self.assertEqual(self.processes(), [])

    def test_scale(self):
        answer = self.zonda("bench", "scale", "--workers", "30", "--idle", "100ms", "--tasks", "2000",
                            "-o", "json", env=self.env)
        report = self.expect(answer, 0).json()
        self.assertEqual((report["workers"], report["isolation"]), (30, "light"))
        for figure in ("idle_share_of_a_core", "broker_us_per_task", "broker_us_per_task_of_one", "ratio"):
            self.assertGreater(report[figure], 0)
        self.assertEqual(self.processes(), [])

    def data_directories(self, pid):
        return glob.glob(f"/var/tmp/zonda-bench-{pid}-*") + glob.glob(self.path(f"zonda-bench-{pid}-*"))

    def test_what_does_not_start_is_tried_once_and_leaves_no_data(self):
        for broken in ("ZONDA_MEMORY", "ZONDA_NO_EXEC"):  # the broker's options, and the worker's
            with self.subTest(broken):
                bench = self.start("bench", "durable", env={**self.env, broken: "nonsense"})
                self.assertNotEqual(bench.wait(harness.TIMEOUT), 0)
                told = bench.stderr.read().decode()
                self.assertEqual(told.count("nonsense"), 1, told)
                self.assertEqual(self.data_directories(bench.pid), [])

    def test_a_measurement_leaves_no_data(self):
        bench = self.start("bench", "durable", "--tasks", "100", "-o", "json", env=self.env)
        self.assertEqual(bench.wait(harness.TIMEOUT), 0)
        self.assertNotIn(json.loads(bench.stdout.read())["filesystem"], (None, "tmpfs"))
        self.assertEqual(self.data_directories(bench.pid), [])

    def test_one_signal_ends_it_with_all_that_it_started(self):
        for words in (["throughput", "--tasks", "1000000000"],
                      ["latency", "--tasks", "1000000000", "--isolation", "process", "--transport", "ipc"]):
            for sent, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
                with self.subTest((words, sent)):
                    bench = self.start("bench", *words, env=self.env)
                    self.until(self.measures, "the first job")
                    bench.send_signal(sent)
                    self.assertEqual(bench.wait(harness.TIMEOUT), code)
                    self.until(lambda: not self.processes(), "the end of all processes")


class OtherCluster(ClusterTest):
    def test_only_what_is_known_is_claimed(self):
        answer = self.expect(self.zonda("bench", "throughput", "-b", self.address, *SMALL), 0)
        report = answer.json()
        self.assertIsNone(report["filesystem"])
        keys = ("workers", "slots", "isolation", "durability", "transport")
        self.assertEqual([report[key] for key in keys],
                         [None, None, None, "memory", "tcp"])
        for used in ("cpu_seconds", "max_rss_bytes"):
            self.assertEqual((report[used]["broker"], report[used]["worker"]), (None, None))
            self.assertGreater(report[used]["client"], 0)
        line = self.zonda("bench", "throughput", "-b", self.address, "--tasks", "100").out
        self.assertNotRegex(line, "workers|slots|thread")

    def test_one_signal_ends_it(self):
        bench = self.start("bench", "throughput", "-b", self.address, "--tasks", "1000000000")
        self.until(lambda: self.zonda("job", "list", "--state", "running", "-q").lines(), "the job")
        bench.send_signal(signal.SIGINT)
        self.assertEqual(bench.wait(harness.TIMEOUT), 130)

    def test_what_needs_a_cluster_of_its_own_says_so(self):
        for what in ("efficiency", "depth", "scale"):
            self.expect(self.zonda("bench", what, "-b", self.address), 2, "leave out --broker")

    def test_a_broker_that_cannot_be_reached(self):
        address = f"tcp://127.0.0.1:{harness.free_port()}"
        answer = self.zonda("bench", "throughput", "-b", address, "--connect-timeout", "300ms")
        self.expect(answer, 6, f"cannot reach broker {address}: no answer in 300ms\nhint: ")


if __name__ == "__main__":
    harness.run(needs_broker=True)
