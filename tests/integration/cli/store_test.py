"""Stores of brokers that do not run: verify, backup, salvage."""
import os
import shutil
import signal
import subprocess

import harness
from harness import CliTest


class Store(CliTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.data = os.path.join(cls.directory, "data")
        driver = os.environ["ZONDA_STORE_DRIVER"]
        subprocess.run([driver, cls.data, "9", "60", "0", "fsync"], check=True, timeout=harness.TIMEOUT,
                       stdout=subprocess.DEVNULL)

    def damage(self, path):
        """Changes bytes here and there, but not in the first pages."""
        with open(os.path.join(path, "store.sqlite"), "r+b") as file:
            content = bytearray(file.read())
            for at in range(20_000, len(content), 7_001):
                content[at] ^= 4
            file.seek(0)
            file.write(content)

    def test_a_whole_store(self):
        self.assertRegex(self.expect(self.zonda("broker", "verify", "--data", self.data), 0).out,
                         r"^ok: store [0-9a-z]{26}, epoch \d+, \d+ jobs in \d+ rows\n$")
        report = self.zonda("broker", "verify", "--data", self.data, "-o", "json").json()
        self.assertEqual((report["schema"], report["ok"], report["wrong"]),
                         ("zonda.broker.verify/1", True, []))

    def test_its_directory_may_stand_in_the_configuration(self):
        project = self.path("project")
        os.mkdir(project)
        with open(os.path.join(project, "zonda.toml"), "w", encoding="utf-8") as file:
            file.write(f'[broker]\ndata = "{self.data}"\n')
        self.expect(self.zonda("broker", "verify", cwd=project), 0)
        answer = self.zonda("broker", "backup", "--to", self.path("never"), "--connect-timeout", "300ms",
                            cwd=project)
        self.expect(answer, 6)  # it asks the broker
        self.expect(self.zonda("broker", "salvage", "--to", self.path("out-of-project"), cwd=project), 0)
        self.expect(self.zonda("broker", "verify", "--data", self.path("nothing"), cwd=project), 3)

    def test_a_backup_is_a_store_of_the_same_name(self):
        copy = self.path("copy")
        self.expect(self.zonda("broker", "backup", "--data", self.data, "--to", copy), 0)
        ids = [self.zonda("broker", "verify", "--data", each, "-o", "json").json()["store"]
               for each in (self.data, copy)]
        self.assertEqual(ids[0], ids[1])
        self.expect(self.zonda("broker", "backup", "--data", self.data, "--to", copy), 4,
                    "has a store already[^~]*choose another directory")

    def test_damage_is_named_and_the_rest_is_salvaged(self):
        damaged = self.path("damaged")
        self.expect(self.zonda("broker", "backup", "--data", self.data, "--to", damaged), 0)
        self.damage(damaged)
        self.expect(self.zonda("broker", "backup", "--data", damaged, "--to", self.path("damaged-copy")), 1,
                    "zonda broker salvage")
        answer = self.expect(self.zonda("broker", "verify", "--data", damaged), 1, "salvage")
        self.assertTrue(answer.out)
        answer = self.expect(self.zonda("broker", "salvage", "--data", damaged, "--to", self.path("new")),
                             1, "salvaged: .*; what was lost is above")
        self.assertTrue(answer.out)
        self.expect(self.zonda("broker", "verify", "--data", self.path("new")), 0)
        answer = self.zonda("broker", "salvage", "--data", damaged, "--to", self.path("newer"), "-o", "json")
        report = self.expect(answer, 1).json()
        self.assertEqual((report["schema"], report["ok"]), ("zonda.broker.salvage/1", False))
        self.assertGreater(report["lost_count"], 0)
        self.expect(self.zonda("broker", "salvage", "--data", self.data, "--to", self.path("same")), 0,
                    "nothing was lost")

    def test_a_part_that_is_missing_is_a_finding_and_the_way_out_is_named(self):
        for part, message in (("head", "head is missing"), ("store.sqlite", "store.sqlite is missing")):
            with self.subTest(part):
                broken = self.path("without-" + part)
                self.expect(self.zonda("broker", "backup", "--data", self.data, "--to", broken), 0)
                os.remove(os.path.join(broken, part))
                answer = self.zonda("broker", "start", "--data", broken, "--bind", self.address)
                self.expect(answer, 1, message + "(.|\n)*hint: put it back")
                answer = self.zonda("broker", "backup", "--data", broken, "--to", self.path("never"))
                self.expect(answer, 1, message + "(.|\n)*hint: put it back")
                answer = self.zonda("broker", "verify", "--data", broken)
                self.expect(answer, 1, f"zonda broker salvage --data {broken} --to NEW")
                self.assertIn(message, answer.out)
                report = self.expect(self.zonda("broker", "verify", "--data", broken, "-o", "json"), 1).json()
                self.assertEqual((report["schema"], report["ok"], report["wrong_count"]),
                                 ("zonda.broker.verify/1", False, 1))

    def test_the_store_of_a_broker_that_runs_is_refused(self):
        used = self.path("used")
        broker = self.start("broker", "start", "--data", used, "--bind", self.address)
        self.until(lambda: self.zonda("check", "ready", "--connect-timeout", "500ms").code == 0, "the broker")
        for words in (["verify"], ["backup", "--to", self.path("copy-of-used")],
                      ["salvage", "--to", self.path("out-of-used")]):
            with self.subTest(words):
                answer = self.zonda("broker", *words, "--data", used)
                self.expect(answer, 4,
                            f"is in use by process {broker.pid} on (.|\n)*hint: the broker must not run")
        broker.send_signal(signal.SIGTERM)
        self.assertEqual(broker.wait(harness.TIMEOUT), 0)
        self.expect(self.zonda("broker", "verify", "--data", used), 0)

    def test_a_broker_that_runs_copies_itself(self):
        used, copy = self.path("running"), self.path("copy-of-running")
        broker = self.start("broker", "start", "--data", used, "--bind", self.address)
        self.until(lambda: self.zonda("check", "ready", "--connect-timeout", "500ms").code == 0, "the broker")
        job = self.zonda("submit", "--", "echo", "kept").out.strip()
        self.expect(self.zonda("broker", "backup", "--to", copy), 0)
        self.expect(self.zonda("broker", "backup", "--to", copy), 4, "has a store already")
        self.expect(self.zonda("broker", "verify", "--data", copy), 0)
        broker.kill()
        broker.wait()
        other = self.start("broker", "start", "--data", copy, "--bind", self.address)
        self.until(lambda: self.zonda("check", "ready", "--connect-timeout", "500ms").code == 0, "the copy")
        self.assertEqual(self.zonda("job", "list", "-q").out.strip(), job)
        other.send_signal(signal.SIGTERM)
        self.assertEqual(other.wait(harness.TIMEOUT), 0)

    def test_a_disk_that_is_nearly_full_refuses_new_jobs_only_and_says_so(self):
        data, full = self.path("on-full-disk"), self.path("full")
        open(full, "w").close()
        faults = {"LD_PRELOAD": os.environ["ZONDA_DISK_FAULT"], "ZONDA_FAULT_DIR": data,
                  "ZONDA_FAULT_FULL": full}
        broker = self.start("broker", "start", "--data", data, "--bind", self.address, env=faults)
        self.until(lambda: self.zonda("check", "live", "--connect-timeout", "500ms").code == 0, "the broker")
        self.expect(self.zonda("check", "ready"), 1, "the disk of the broker is nearly full")
        self.expect(self.zonda("submit", "--", "true"), 4, "the disk of the broker is nearly full")
        self.assertIs(self.zonda("status", "-o", "json").json()["disk_nearly_full"], True)
        os.remove(full)
        self.until(lambda: self.zonda("check", "ready").code == 0, "room on the disk")
        self.expect(self.zonda("submit", "--", "true"), 0)
        broker.send_signal(signal.SIGTERM)
        log = broker.communicate(timeout=harness.TIMEOUT)[1].decode()
        self.assertRegex(log, "warning disk-nearly-full(.|\n)*info disk-has-room")

    def test_what_is_forgotten_makes_room_on_a_disk_that_is_nearly_full(self):
        data, full = self.path("reused"), self.path("full-again")
        faults = {"LD_PRELOAD": os.environ["ZONDA_DISK_FAULT"], "ZONDA_FAULT_DIR": data,
                  "ZONDA_FAULT_FULL": full}
        broker = self.start("broker", "start", "--data", data, "--bind", self.address, env=faults)
        self.until(lambda: self.zonda("check", "ready", "--connect-timeout", "500ms").code == 0, "the broker")
        worker = self.start("worker", "start", "--name", "w", "--slots", "2")
        large = ("submit", "--array", "0-15", "--shell", "--", "head -c 2000000 /dev/zero")
        job = self.zonda(*large).out.strip()
        self.expect(self.zonda("job", "wait", job), 0)
        open(full, "w").close()
        self.until(lambda: self.zonda("submit", "--", "true").code == 4, "the disk to be nearly full")
        self.expect(self.zonda("job", "forget", job), 0)
        self.until(lambda: self.zonda("check", "ready").code == 0, "room in the store")
        for process in (worker, broker):
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(harness.TIMEOUT), 0)

    def copy_with(self, name, change):
        """A copy of the store whose database change() was done to."""
        copy = self.path(name)
        shutil.copytree(self.data, copy)
        with open(os.path.join(copy, "store.sqlite"), "r+b") as file:
            change(file)
        return copy

    def test_a_salvage_that_loses_nothing_says_so(self):
        def change(file):  # of the page that leads to all the others
            file.seek(4096)
            file.write(b"\xff\xff")
        damaged = self.copy_with("root", change)
        self.expect(self.zonda("broker", "verify", "--data", damaged), 1)
        self.expect(self.zonda("broker", "salvage", "--data", damaged, "--to", self.path("root-new")), 0,
                    "nothing was lost: store")
        self.expect(self.zonda("broker", "verify", "--data", self.path("root-new")), 0)

    def test_a_store_of_which_nothing_is_left(self):
        empty = self.copy_with("empty", lambda file: file.truncate(0))
        self.expect(self.zonda("broker", "salvage", "--data", empty, "--to", self.path("empty-new")), 1,
                    "nothing of the store in .* can be read[^~]*restore a backup")
        self.assertFalse(os.path.exists(self.path("empty-new")))

    def test_mistakes(self):
        self.expect(self.zonda("broker", "verify"), 2, "--data is missing")
        self.expect(self.zonda("broker", "backup", "--data", self.data), 2, "--to is missing")
        self.expect(self.zonda("broker", "verify", "--data", self.path("nothing")), 3, "is not there")
        self.expect(self.zonda("broker", "start", "--data", self.path("nope/deep")), 1,
                    r"No such file or directory[^~]*create .*/nope first")
        with open(self.path("file"), "w", encoding="utf-8"):
            pass
        for command in ("start", "verify"):
            self.expect(self.zonda("broker", command, "--data", self.path("file")), 1,
                        "is not a directory[^~]*choose a directory")


if __name__ == "__main__":
    harness.run(needs_broker=False)
