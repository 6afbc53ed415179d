"""Hosts on one machine: network namespaces on a bridge, each with an address of its own. Needs to be root."""
import os
import shutil
import subprocess


def missing():
    """Why there can be none here; empty: there can."""
    if os.geteuid() != 0:
        return "only root can make network namespaces"
    if shutil.which("ip") is None:
        return "ip (iproute2) is not installed"
    probe = f"zonda-probe-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", probe], capture_output=True, check=False)
    if made.returncode != 0:
        return made.stderr.decode().strip()
    subprocess.run(["ip", "netns", "del", probe], check=True)
    return ""


class Network:
    """`hosts`: 10.99.0.1 for the first, and so on."""

    def __init__(self, hosts):
        self.prefix = f"zonda-{os.getpid()}-"
        self.hub = self.prefix + "hub"
        self.hosts = list(hosts)
        self.ip("netns", "add", self.hub)
        self.inside(self.hub, "ip", "link", "add", "bridge", "type", "bridge")
        self.inside(self.hub, "ip", "link", "set", "bridge", "up")
        for number, host in enumerate(self.hosts, start=1):
            space = self.prefix + host
            self.ip("netns", "add", space)
            self.inside(space, "ip", "link", "set", "lo", "up")
            self.inside(self.hub, "ip", "link", "add", f"to{number}", "type", "veth", "peer", "name", "eth0",
                        "netns", space)
            self.inside(self.hub, "ip", "link", "set", f"to{number}", "master", "bridge", "up")
            self.inside(space, "ip", "address", "add", f"10.99.0.{number}/24", "dev", "eth0")
            self.inside(space, "ip", "link", "set", "eth0", "up")

    @staticmethod
    def ip(*words):
        subprocess.run(["ip", *words], check=True, capture_output=True)

    @staticmethod
    def inside(space, *words):
        subprocess.run(["ip", "netns", "exec", space, *words], check=True, capture_output=True)

    def on(self, host):
        """What runs a command there, in words before it."""
        return ["ip", "netns", "exec", self.prefix + host]

    def address_of(self, host):
        return f"10.99.0.{self.hosts.index(host) + 1}"

    def cut(self, host):
        """Its packets go nowhere, and nobody is told."""
        self.inside(self.hub, "ip", "link", "set", f"to{self.hosts.index(host) + 1}", "down")

    def heal(self, host):
        self.inside(self.hub, "ip", "link", "set", f"to{self.hosts.index(host) + 1}", "up")

    def move_address(self, address, source, target):
        """From one host to another, as a failover does it."""
        if source is not None:
            self.inside(self.prefix + source, "ip", "address", "del", f"{address}/24", "dev", "eth0")
        self.inside(self.prefix + target, "ip", "address", "add", f"{address}/24", "dev", "eth0")
        for host in self.hosts:  # who knew it forgets where it was
            self.inside(self.prefix + host, "ip", "neighbour", "flush", "dev", "eth0")

    def slow(self, host, rate):
        """What it sends: "256kbit". False: this kernel cannot."""
        words = ["tc", "qdisc", "add", "dev", "eth0", "root", "tbf", "rate", rate, "burst", "4k"]
        answer = subprocess.run([*self.on(host), *words, "latency", "1s"], check=False, capture_output=True)
        return answer.returncode == 0

    def close(self):
        for name in [*self.hosts, "hub"]:
            subprocess.run(["ip", "netns", "del", self.prefix + name], check=False, capture_output=True)
