#!/usr/bin/env python3
r"""chaos.py [options]: kills, stops and cuts off real processes while clients count what becomes of every
task.

At the end the faults stop, everything has to finish in bounded time, and every task must have exactly one
outcome, the right one. Exit code 0: it has, and no process was left behind. The last line is a summary, JSON.

Half an hour of it, with a broker that keeps its data:
  tests/chaos/chaos.py --durable --proxy --seconds 1800 --workers 6 --clients 3 --work-us 500 \
      --kill-workers-every 1.5 --kill-broker-every 5
"""
import argparse
import collections
import json
import os
import random
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from agenda import Agenda  # noqa: E402
from cluster import Cluster, children_of, free_ports, signal_quietly, wait_until  # noqa: E402
from detached import DetachedJobs  # noqa: E402
from proxy import FAULTS, FaultProxy  # noqa: E402

LEASE = 15  # seconds
SLOTS = 2  # of a worker
FINISH = 150  # seconds: for everything to finish in once the faults have stopped
PROBLEMS_SHOWN = 20
TASKS_PER_SECOND = 50  # at least; a tenth of what a busy machine of two cores does


class Worker:
    """A place that a worker process has, and its successor after it was killed."""

    def __init__(self, number, address):
        self.number, self.address = number, address
        self.generation = 0
        self.process = None


class Chaos:
    def __init__(self, options):
        self.options = options
        self.random = random.Random(options.seed)
        self.cluster = Cluster(options.build, options.durable, options.keep)
        self.proxy = None
        self.counts = collections.Counter()
        self.problems = []
        self.agenda = Agenda(self.random, self.counts)
        self.workers, self.clients, self.leaving = [], [], []
        self.broker_down = self.broker_stopped = False
        self.detached = DetachedJobs(self.cluster, options.seed, FINISH)
        self.proxy_kinds = self.random.sample(list(FAULTS), len(FAULTS))  # that are still to come

    def look_for_crashes(self):
        """Nobody may end but by us."""
        if not self.broker_down and self.cluster.broker.poll() is not None:
            raise RuntimeError(f"the broker ended by itself: {self.cluster.broker.returncode}")
        for worker in self.workers:
            if worker.process and worker.process.poll() is not None:
                self.problem(f"{worker.process.label} ended by itself: {worker.process.returncode}")
                self.cluster.forget(worker.process)
                self.start_worker(worker, self.new_name(worker))
        for client in self.clients:
            if client.poll() is not None:
                raise RuntimeError(f"{client.label} ended by itself: {client.returncode}")

    def problem(self, text):
        self.problems.append(text)
        self.say("PROBLEM: " + text)

    def say(self, text):
        if self.options.verbose:
            print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)

    # Start.

    def start(self):
        self.cluster.start_broker()
        self.cluster.wait_ready()
        if self.options.proxy:
            self.proxy = FaultProxy(free_ports(), self.cluster.port, self.options.seed)
            self.proxy.start()
        for number in range(self.options.workers):
            worker = Worker(number, self.address_of(number))
            self.workers.append(worker)
            self.start_worker(worker, self.new_name(worker))
        self.cluster.wait_workers(self.options.workers)
        for number in range(self.options.clients):
            self.clients.append(self.start_client(number))
        self.detached.start()

    def address_of(self, number):
        """Every other peer connects through the proxy."""
        through = self.proxy and number % 2 == 0
        return f"tcp://127.0.0.1:{self.proxy.listen}" if through else self.cluster.address

    def new_name(self, worker):
        worker.generation += 1
        return f"w{worker.number}-{worker.generation}"

    def start_worker(self, worker, name):
        isolation = "thread" if worker.number % 4 == 3 else "process"
        worker.process = self.cluster.start_worker(
            name, "--slots", str(SLOTS), "--isolation", isolation, address=worker.address)

    def start_client(self, number):
        words = {"--first": (number + 1) << 40, "--seed": self.options.seed * 1000 + number,
                 "--work-us": self.options.work_us, "--drain-seconds": FINISH}
        return self.cluster.start(f"client{number}", "chaos_client",
                                  *[str(word) for pair in words.items() for word in pair],
                                  env={"ZONDA_BROKER": self.address_of(number)},
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    # Faults of workers.

    def living_worker(self):
        return self.random.choice([worker for worker in self.workers if worker.process] or [None])

    def kill_worker(self):
        worker = self.living_worker()
        if worker is None:
            return
        self.say(f"kill {worker.process.label}")
        self.counts["worker_kills"] += 1
        name = worker.process.label
        self.cluster.kill(worker.process)
        self.replace(worker, name)

    def replace(self, worker, name):
        """At once or after a moment, with the same name or another."""
        worker.process = None
        if self.random.random() < 0.5:
            name = self.new_name(worker)
        self.agenda.at(0 if self.random.random() < 0.7 else self.random.uniform(0.1, 2),
                self.start_worker, worker, name)

    def kill_child(self):
        children = [(worker.process.label, child) for worker in self.workers if worker.process
                    for child in children_of(worker.process.pid)]
        if children:
            label, child = self.random.choice(children)
            self.say(f"kill child {child} of {label}")
            self.counts["child_kills"] += 1
            signal_quietly(child, signal.SIGKILL)

    def drain_worker(self):
        worker = self.living_worker()
        if worker is None:
            return
        self.say(f"drain {worker.process.label}")
        self.counts["worker_drains"] += 1
        worker.process.terminate()
        self.leaving.append(worker.process)
        self.replace(worker, self.new_name(worker))

    def pause_length(self):
        """Mostly short, sometimes longer than a lease."""
        dice = self.random.random()
        if dice < 0.75:
            return self.random.uniform(0.05, 2)
        return self.random.uniform(2, 10) if dice < 0.92 else self.random.uniform(LEASE + 1, LEASE + 5)

    def stop_worker(self):
        worker = self.living_worker()
        if worker is None:
            return
        agent = worker.process
        children = children_of(agent.pid) if self.random.random() < 0.5 else []
        seconds = self.pause_length()
        self.say(f"stop {agent.label} for {seconds:.1f} s")
        self.counts["worker_stops"] += 1
        agent.send_signal(signal.SIGSTOP)
        for child in children:
            signal_quietly(child, signal.SIGSTOP)
        self.agenda.at(seconds, self.resume, agent, children)

    def resume(self, agent, children):
        for child in children:
            if self.cluster.is_ours(child):  # also of an agent that was killed meanwhile
                signal_quietly(child, signal.SIGCONT)
        agent.send_signal(signal.SIGCONT)  # nothing happens if it has ended

    # Faults of clients, the broker and connections.

    def stop_client(self):
        client = self.random.choice(self.clients)
        seconds = self.pause_length()
        self.say(f"stop {client.label} for {seconds:.1f} s")
        self.counts["client_stops"] += 1
        client.send_signal(signal.SIGSTOP)
        self.agenda.at(seconds, client.send_signal, signal.SIGCONT)

    def stop_broker(self):
        if self.broker_down or self.broker_stopped:
            return
        seconds = self.pause_length()
        self.say(f"stop the broker for {seconds:.1f} s")
        self.counts["broker_stops"] += 1
        self.broker_stopped = True
        self.cluster.broker.send_signal(signal.SIGSTOP)
        self.agenda.at(seconds, self.resume_broker)

    def resume_broker(self):
        self.broker_stopped = False
        if not self.broker_down:
            self.cluster.broker.send_signal(signal.SIGCONT)

    def kill_broker(self):
        if self.broker_down:
            return
        self.say("kill the broker")
        self.counts["broker_kills"] += 1
        self.cluster.kill(self.cluster.broker)
        self.broker_goes()

    def restart_broker(self):
        if self.broker_down or self.broker_stopped:
            return
        self.say("restart the broker")
        self.counts["broker_restarts"] += 1
        code = self.cluster.end(self.cluster.broker)
        if code != 0:
            self.problem(f"the broker ended with {code} on SIGTERM")
        self.cluster.forget(self.cluster.broker)
        self.broker_goes()

    def broker_goes(self):
        self.broker_down = True
        self.agenda.at(0 if self.random.random() < 0.7 else self.random.uniform(0.1, 3), self.broker_comes)

    def broker_comes(self):
        self.cluster.start_broker()
        self.broker_down = False

    def break_connection(self):
        """Each kind in turn, in any order, then as it comes."""
        kind = self.proxy_kinds.pop() if self.proxy_kinds else None
        self.say(f"proxy: {self.proxy.fault(kind)}")
        self.counts["connection_breaks"] += 1
        if kind and self.proxy.counts[kind] == 0:  # there was no connection
            self.proxy_kinds.insert(0, kind)

    # The whole.

    def run(self):
        self.start()
        options = self.options
        self.agenda.begin(options.seconds)
        self.agenda.every(options.kill_workers_every, self.kill_worker, "worker_kills")
        self.agenda.every(options.kill_workers_every, self.kill_child, "child_kills")
        self.agenda.every(options.kill_workers_every * 3, self.stop_worker, "worker_stops")
        self.agenda.every(options.kill_workers_every * 6, self.drain_worker, "worker_drains")
        self.agenda.every(options.stop_broker_every, self.stop_broker, "broker_stops")
        self.agenda.every(options.stop_broker_every, self.stop_client, "client_stops")
        self.agenda.every(options.kill_broker_every, self.kill_broker, "broker_kills")
        self.agenda.every(options.kill_broker_every * 3, self.restart_broker, "broker_restarts")
        if self.proxy:
            self.agenda.every(options.proxy_every, self.break_connection, "connection_breaks")
        self.agenda.follow(self.look_for_crashes)
        self.finish()

    def finish(self):
        """No faults any more: everything has to end, and soon."""
        began = time.monotonic()
        self.say("the faults have stopped")
        if self.proxy:
            self.proxy.heal()
        for client in self.clients:
            client.stdin.close()
        self.tasks = self.read_clients()
        self.detached.stop()
        self.counts["finish_seconds"] = round(time.monotonic() - began, 1)
        for problem in self.detached.problems:
            self.problem(problem)
        self.check_disturbed()
        self.check_worked()
        self.check_status()
        self.check_leavers()
        self.end_all()

    def read_clients(self):
        sums = collections.Counter()
        for client in self.clients:
            output = client.stdout.read()
            code = client.wait(FINISH)
            sums.update(json.loads(output))
            if code != 0:
                self.problem(f"{client.label}: exit code {code}, {output.decode().strip()}")
        return sums

    def check_disturbed(self):
        """A run in which nothing happened shows nothing."""
        for name in sorted(self.agenda.asked_for):
            if self.counts[name] == 0:
                self.problem(f"{name.replace('_', ' ')} were asked for, and there were none")
        if self.proxy and self.counts["connection_breaks"] >= 2 * len(FAULTS):
            for kind, count in self.proxy.counts.items():
                if count == 0:
                    self.problem(f"the proxy did {kind} to no connection")

    def check_worked(self):
        options = self.options
        possible = options.workers * SLOTS * 1e6 / max(options.work_us, 1)  # a second, undisturbed
        least = int(options.seconds * min(TASKS_PER_SECOND, possible / 10))
        if self.tasks["outcomes"] < least:
            self.problem(f"{self.tasks['outcomes']} tasks ended in {options.seconds:g} s of faults; "
                         f"{least} are the least that shows something")
        if self.detached.tasks == 0:
            self.problem("no detached job was submitted")

    def check_status(self):
        status = wait_until(self.cluster.status, "the status")
        for field in ("queued", "delayed", "held", "running", "bad_frames"):
            if status[field] != 0:
                self.problem(f"at the end {field} is {status[field]}")
        self.broker_says = {field: status[field] for field in
                            ("retried", "returned", "lost", "stale", "gaps", "refused_frames")}
        self.broker_says["peak_rss_mib"] = self.peak_rss_mib()
        self.broker_says["descriptors"] = len(os.listdir(f"/proc/{self.cluster.broker.pid}/fd"))

    def peak_rss_mib(self):
        with open(f"/proc/{self.cluster.broker.pid}/status", encoding="utf-8") as file:
            return int(next(line.split()[1] for line in file if line.startswith("VmHWM"))) // 1024

    def check_leavers(self):
        for process in self.leaving:
            code = process.wait(FINISH)
            unborn = code == -signal.SIGTERM and os.path.getsize(process.log) == 0
            if code != 0 and not unborn:
                self.problem(f"{process.label} was drained and ended with {process.returncode}")

    def end_all(self):
        for process in [worker.process for worker in self.workers] + [self.cluster.broker]:
            code = self.cluster.end(process)
            if code != 0:
                self.problem(f"{process.label} ended with {code} on SIGTERM")

    def close(self):
        if self.proxy:
            self.proxy.stop()
        for pid, words in self.cluster.end_all():
            self.problem(f"left behind: {pid} {words}")
        self.cluster.keep |= bool(self.problems)
        self.cluster.remove()

    def summary(self):
        ran = collections.Counter(execution.number for execution in self.cluster.executions())
        return {
            "seed": self.options.seed, "seconds": self.options.seconds, "durable": self.options.durable,
            "tasks": dict(self.tasks), "detached_jobs": self.detached.jobs,
            "detached_tasks": self.detached.tasks, "detached_unsure": self.detached.unsure,
            "executions": ran.total(),
            "ran_again": ran.total() - len(ran), **self.counts,
            "connection_faults": self.proxy.counts if self.proxy else {}, "broker": self.broker_says}


def options_of(words):
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--build", default="build/release", help="directory of the build; default %(default)s")
    add("--seconds", type=float, default=60, help="how long there are faults; default %(default)s")
    add("--seed", type=int, default=random.SystemRandom().randrange(1 << 31), help="of all choices")
    add("--workers", type=int, default=4)
    add("--clients", type=int, default=2)
    add("--work-us", type=int, default=2000, help="of an ordinary task; default %(default)s")
    add("--durable", action="store_true", help="the broker keeps its data, and is killed, too")
    add("--kill-workers-every", type=float, default=2, metavar="S", help="seconds, on average; 0: never")
    add("--kill-broker-every", type=float, metavar="S", help="with --durable; default 6")
    add("--stop-broker-every", type=float, default=20, metavar="S",
        help="SIGSTOP, clients too; default %(default)s")
    add("--proxy", action="store_true", help="every other peer connects through a proxy with faults")
    add("--proxy-every", type=float, default=1, metavar="S", help="between its faults; default %(default)s")
    add("--keep", action="store_true", help="keep the directory with the logs")
    add("--verbose", action="store_true", help="tell every fault")
    options = parser.parse_args(words)
    if options.kill_broker_every and not options.durable:
        parser.error("--kill-broker-every needs --durable: a broker in memory forgets what it accepted")
    if options.kill_broker_every is None:
        options.kill_broker_every = 6 if options.durable else 0
    return options


def main():
    options = options_of(sys.argv[1:])
    print(f"chaos: seed {options.seed}", file=sys.stderr, flush=True)
    chaos = Chaos(options)
    if options.keep:
        print(f"chaos: logs in {chaos.cluster.directory}", file=sys.stderr, flush=True)
    summary = {"seed": options.seed}
    try:
        chaos.run()
        summary = chaos.summary()
    except (RuntimeError, TimeoutError, subprocess.TimeoutExpired) as error:
        chaos.problem(str(error))
    finally:
        chaos.close()
    for problem in chaos.problems[:PROBLEMS_SHOWN]:
        print(f"chaos: {problem}", file=sys.stderr)
    if chaos.problems:
        print(f"chaos: {len(chaos.problems)} problems; logs in {chaos.cluster.directory}", file=sys.stderr)
    print(json.dumps({**summary, "problems": chaos.problems[:PROBLEMS_SHOWN]}))
    return 1 if chaos.problems else 0


if __name__ == "__main__":
    sys.exit(main())
