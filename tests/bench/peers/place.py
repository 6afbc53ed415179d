"""Where a peer runs for one round: a directory and ports of its own; nothing of it outlives the round."""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "chaos"))
from cluster import free_ports, stop_on_signal, wait_until  # noqa: E402, F401

PYTHON = "/usr/bin/python3"  # the one that has Debian's modules
PATIENCE = 120  # seconds


def has(need, build):
    """`need`: a program on PATH, one of this build, a path, or "module:NAME"."""
    if need.startswith("module:"):
        words = [PYTHON, "-c", "import " + need.removeprefix("module:")]
        return subprocess.run(words, capture_output=True, check=False).returncode == 0
    return os.path.exists(program(need, build)) or shutil.which(need) is not None


def program(name, build):
    return os.path.join(build, "cli" if name == "zonda" else os.path.join("tests", "bench"), name)


class Place:
    def __init__(self, build):
        self.build = os.path.abspath(build)
        self.directory = tempfile.mkdtemp(prefix="zonda-compare-", dir="/var/tmp")  # a disk, if there is one
        self.environment = {"PATH": os.environ["PATH"], "HOME": self.directory, "LC_ALL": "C.UTF-8",
                            "XDG_RUNTIME_DIR": self.directory, "PYTHONPATH": HERE}
        self.started = []

    def path(self, *names):
        return os.path.join(self.directory, *names)

    def port(self):
        return free_ports()

    def words(self, words):
        name, *rest = (str(word) for word in words)
        own = program(name, self.build)
        return [own if os.path.exists(own) else name, *rest]

    def start(self, *words, **environment):
        """It and its children end with the round."""
        log = self.path(f"{len(self.started)}.log")
        with open(log, "wb") as file:
            process = subprocess.Popen(self.words(words), stdin=subprocess.DEVNULL, stdout=file, stderr=file,
                                       cwd=self.directory, env={**self.environment, **environment},
                                       start_new_session=True)
        process.log = log
        self.started.append(process)
        return process

    def wait_port(self, port):
        def answers():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0
        wait_until(answers, f"port {port}", PATIENCE, pause=0.05)

    def ask(self, *words, **environment):
        """What a program says on stdout: one document of JSON."""
        process = subprocess.Popen(self.words(words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, cwd=self.directory,
                                   env={**self.environment, **environment}, start_new_session=True)
        self.started.append(process)
        said, complained = process.communicate(timeout=PATIENCE)
        if process.returncode != 0:
            raise RuntimeError(f"{' '.join(map(str, words))}: exit code {process.returncode}\n{complained}")
        self.started.remove(process)
        return json.loads(said)

    def close(self):
        for process in reversed(self.started):
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)
