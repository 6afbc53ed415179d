"""A Slurm of one node, of one's own: munged, slurmctld and slurmd in a directory. Needs to be root."""
import os
import shutil
import socket
import subprocess
import time

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch")
CONFIGURATION = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={directory}/munge.socket
SlurmctldPort={port}
SlurmdPort={slurmd_port}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
KillWait=5
SlurmctldPidFile={directory}/slurmctld.pid
SlurmdPidFile={directory}/slurmd.pid
StateSaveLocation={directory}/state
SlurmdSpoolDir={directory}/spool
SlurmctldLogFile={directory}/slurmctld.log
SlurmdLogFile={directory}/slurmd.log
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=0,sched_min_interval=100000
NodeName={host} NodeAddr=127.0.0.1 CPUs=8 RealMemory=1000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def missing():
    """Why there can be none here; empty: there can."""
    if os.geteuid() != 0:
        return "only root can start slurmd"
    path = os.environ["PATH"] + ":/usr/sbin:/sbin"
    absent = [program for program in PROGRAMS if shutil.which(program, path=path) is None]
    return f"not installed: {' '.join(absent)}" if absent else ""


class Slurm:
    def __init__(self, directory, ports):
        self.directory = directory
        self.processes = []
        for name in ("state", "spool"):
            os.makedirs(os.path.join(directory, name))
        host = socket.gethostname().split(".")[0]
        with open(self.path("slurm.conf"), "w", encoding="utf-8") as file:
            file.write(CONFIGURATION.format(host=host, directory=directory, port=ports,
                                            slurmd_port=ports + 1))
        with open(os.open(self.path("munge.key"), os.O_CREAT | os.O_WRONLY, 0o600), "wb") as file:
            file.write(os.urandom(1024))
        self.environment = {**os.environ, "SLURM_CONF": self.path("slurm.conf"),
                            "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}
        self.start("munged", "--foreground", "--force", f"--key-file={self.path('munge.key')}",
                   f"--socket={self.path('munge.socket')}", f"--pid-file={self.path('munge.pid')}",
                   f"--log-file={self.path('munge.log')}", f"--seed-file={self.path('munge.seed')}")
        self.start("slurmctld", "-D", "-f", self.path("slurm.conf"))
        self.start("slurmd", "-D", "-f", self.path("slurm.conf"))
        self.wait_idle()

    def path(self, name):
        return os.path.join(self.directory, name)

    def start(self, *words):
        with open(self.path(words[0] + ".out"), "wb") as log:
            self.processes.append(subprocess.Popen(words, env=self.environment, stdin=subprocess.DEVNULL,
                                                   stdout=log, stderr=log))

    def run(self, *words):
        return subprocess.run(words, env=self.environment, capture_output=True, timeout=60, check=False)

    def wait_idle(self):
        end = time.monotonic() + 60
        while self.run("sinfo", "-h", "-o", "%T").stdout.strip() != b"idle":
            if time.monotonic() > end:
                raise AssertionError("Slurm does not become idle: see " + self.directory)

    def queue(self):
        """The jobs that wait or run, a line each: id and state."""
        return self.run("squeue", "-h", "-r", "-o", "%i %T").stdout.decode().splitlines()

    def job(self, number):
        """What Slurm says of a job, also when it is over."""
        words = self.run("scontrol", "-o", "show", "job", number).stdout.decode().split()
        return dict(word.partition("=")[::2] for word in words if "=" in word)

    def stop(self):
        self.run("scancel", "--state=RUNNING")
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
