"""Detached jobs of commands: submitted by one process, waited for, read and checked by others."""
import json
import random
import threading

UNREACHABLE, TIMED_OUT = 6, 7


class DetachedJobs:
    """One job after the other, in a thread, until told to stop."""

    def __init__(self, cluster, seed, patience):
        self.cluster, self.patience = cluster, patience
        self.random = random.Random(seed)
        self.stopping = threading.Event()
        self.jobs = self.tasks = self.unsure = 0
        self.problems = []
        self.now = "nothing"
        self.thread = threading.Thread(target=self.run, daemon=True)

    def start(self):
        self.thread.start()

    def stop(self):
        self.stopping.set()
        self.thread.join(self.patience)
        if self.thread.is_alive():
            self.problems.append(f"detached: still busy with {self.now}")

    def run(self):
        while not self.stopping.is_set():
            try:
                self.one_job()
            except Exception as error:  # a problem of the run, whatever it is
                self.problems.append(f"detached: {self.now}: {error!r}")
            self.stopping.wait(self.random.uniform(0.1, 2))

    def one_job(self):
        tasks = self.random.randint(1, 60)
        self.now = "a submit"
        answer = self.zonda("submit", "--retries=10000", "--array", f"0-{tasks - 1}", "--shell", "--",
                            "echo $(({} * {}))")
        if answer.returncode == UNREACHABLE:
            self.unsure += 1  # it may have arrived; its id is not known
            return
        if answer.returncode != 0:
            return self.problems.append(f"detached: submit: {answer.stderr.strip()}")
        job = answer.stdout.strip()
        self.jobs += 1
        self.tasks += tasks
        self.now = f"job {job}"
        if self.ask("wait", job) is not None:
            self.check(job, tasks)
            if self.random.random() < 0.5:
                self.ask("forget", job)

    def zonda(self, *words):
        """A command, with more patience for a broker that is away than people have."""
        command, rest = words[:2], words[2:]
        return self.cluster.zonda(*command, "--connect-timeout", "60s", *rest, seconds=self.patience)

    def ask(self, what, job, *words):
        """The answer; asked again while the broker cannot be reached."""
        while True:
            answer = self.zonda("job", what, job, *words)
            if answer.returncode == 0:
                return answer
            if answer.returncode not in (UNREACHABLE, TIMED_OUT):
                self.problems.append(f"detached: job {what} {job}: exit code {answer.returncode}, "
                                     f"{answer.stderr.strip()}")
                return None

    def check(self, job, tasks):
        answer = self.ask("result", job, "-o", "jsonl")
        if answer is None:
            return
        lines = [json.loads(line) for line in answer.stdout.splitlines()]
        indices = [line["index"] for line in lines]
        if indices != list(range(tasks)):
            self.problems.append(f"detached: job {job} of {tasks}: outcomes {indices}")
        for line in lines:
            if line["stdout"] != f"{line['index'] ** 2}\n":
                self.problems.append(f"detached: {job}/{line['index']} gave {line}")
