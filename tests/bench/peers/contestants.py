"""Who is compared: how each is started, and what measures it. All with two workers' worth of processor, on
loopback, one client, arguments and results of 8 bytes."""
import collections
import os

from place import HERE, PYTHON

# `needs`: what must be installed. `package`: of Debian, whose version is told. `start(place)` gives a
# function (what, count) -> what the program said. `tasks`, `calls`: of a measurement of throughput and of
# latency, `payloads` of a stream of 1 MiB each, so that each takes a second or two; 0: none.
Contestant = collections.namedtuple("Contestant", "name needs package start tasks calls payloads",
                                    defaults=[0])
PAYLOAD = 1 << 20


def script(name):
    return os.path.join(HERE, name)


def raw(base, per_frame):
    def start(place):
        address = f"tcp://127.0.0.1:{place.port()}" if base == "tcp" else "ipc://" + place.directory
        for role in ("broker", "worker"):
            place.start("raw_zeromq", role, address)

        def ask(what, count):
            if what == "throughput":
                return place.ask("raw_zeromq", what, address, count // per_frame, per_frame, 32)
            if what in ("there", "back"):
                return place.ask("raw_zeromq", what, address, count, PAYLOAD)
            return place.ask("raw_zeromq", what, address, count)
        return ask
    return start


def zonda(*words, durable=False):
    def start(place):
        def ask(what, count):
            what = "durable" if durable and what == "throughput" else what
            if what in ("there", "back"):
                return place.ask("zonda", "bench", "stream", *(["--back"] if what == "back" else []),
                                 "--tasks", count, *words, "-o", "json")
            return place.ask("zonda", "bench", what, "--tasks", count, *words, "-o", "json")
        return ask
    return start


def pool(chunk):
    def start(place):
        return lambda what, count: place.ask(PYTHON, script("pool.py"), what,
                                             *([chunk] if what == "throughput" else []), count)
    return start


def celery(place):
    port = place.port()
    place.start("redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", place.directory)
    place.wait_port(port)
    url = {"REDIS_URL": f"redis://127.0.0.1:{port}/0"}
    place.start(PYTHON, "-m", "celery", "--app", "celery_peer", "worker", "--concurrency", "2", **url)
    return lambda what, count: place.ask(PYTHON, script("celery_peer.py"), what, count, **url)


def dask(place):
    port = place.port()
    address = f"tcp://127.0.0.1:{port}"
    place.start(PYTHON, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", port,
                "--no-dashboard")
    place.wait_port(port)
    place.start(PYTHON, "-m", "distributed.cli.dask_worker", address, "--nthreads", "2", "--nworkers", "1",
                "--no-dashboard", "--local-directory", place.path("worker"))
    return lambda what, count: place.ask(PYTHON, script("dask_peer.py"), what, address, count)


def with_workers(place, name, port, *words):
    """Two worker processes of the peer's program."""
    place.wait_port(port)
    for _ in range(2):
        place.start(name, "worker", port, *words)
    return lambda what, count: place.ask(name, what, port, *words, count)


def gearman(place):
    port = place.port()
    place.start("gearmand", "-L", "127.0.0.1", "-p", port, "-l", place.path("gearmand.log"))
    return with_workers(place, "peer_gearman", port)


def beanstalkd(*words):
    def start(place):
        port = place.port()
        log = place.path("binlog")
        os.mkdir(log)
        place.start("beanstalkd", "-l", "127.0.0.1", "-p", port, *(log if word == "LOG" else word
                                                                  for word in words))
        return with_workers(place, "peer_beanstalkd", port)
    return start


RABBITMQ = "/usr/lib/rabbitmq/bin/rabbitmq-server"


def rabbitmq(queue):
    def start(place):
        port, distribution, names = place.port(), place.port(), place.port()
        place.start("epmd", "-port", names, "-address", "127.0.0.1")
        place.start(RABBITMQ, RABBITMQ_NODENAME="compare@localhost", RABBITMQ_NODE_IP_ADDRESS="127.0.0.1",
                    RABBITMQ_NODE_PORT=str(port), RABBITMQ_DIST_PORT=str(distribution),
                    RABBITMQ_MNESIA_BASE=place.path("mnesia"), RABBITMQ_LOG_BASE=place.path("log"),
                    RABBITMQ_ENABLED_PLUGINS_FILE=place.path("plugins"),
                    RABBITMQ_CONFIG_FILE=place.path("rabbitmq"), RABBITMQ_PID_FILE=place.path("pid"),
                    ERL_EPMD_PORT=str(names), ERL_EPMD_ADDRESS="127.0.0.1")
        return with_workers(place, "peer_rabbitmq", port, queue)
    return start


def nats(how):
    def start(place):
        port = place.port()
        place.start("nats-server", "-a", "127.0.0.1", "-p", port, "-js", "-sd", place.path("streams"))
        return with_workers(place, "peer_nats", port, how)
    return start


IPC = ("--transport", "ipc")
PROCESS = ("--isolation", "process")
FSYNC = ("--durability", "fsync")
BATCH = ("--durability", "batch")
CELERY = ("redis-server", "module:celery", "module:redis")
BEANSTALKD = ("beanstalkd", "peer_beanstalkd")
RABBIT = (RABBITMQ, "peer_rabbitmq")
NATS = ("nats-server", "peer_nats")
FLOOR = "ZeroMQ alone, 64 tasks a frame"
IN_MEMORY = [Contestant(*each) for each in (
    (FLOOR, ("raw_zeromq",), "libzmq5", raw("tcp", 64), 12_800_000, 10_000, 2_048),
    ("ZeroMQ alone, 1 task a frame", ("raw_zeromq",), "libzmq5", raw("tcp", 1), 1_000_000, 0),
    ("ZeroMQ alone, 64, ipc", ("raw_zeromq",), "libzmq5", raw("ipc", 64), 12_800_000, 10_000),
    ("Zonda, threads", ("zonda",), "", zonda(), 10_000_000, 10_000, 2_048),
    ("Zonda, threads, ipc", ("zonda",), "", zonda(*IPC), 10_000_000, 10_000),
    ("Zonda, processes", ("zonda",), "", zonda(*PROCESS), 5_000_000, 10_000, 2_048),
    ("Zonda, single calls", ("zonda",), "", zonda("--outstanding", "10000"), 1_000_000, 0),
    ("Pool.map", (PYTHON,), "python3", pool(0), 5_000_000, 10_000),
    ("Pool.map, chunks of 1", (PYTHON,), "python3", pool(1), 100_000, 0),
    ("Celery + Redis", CELERY, "python3-celery", celery, 1_000, 300),
    ("Dask distributed", ("module:distributed",), "python3-distributed", dask, 1_500, 100),
    ("Gearman", ("gearmand", "peer_gearman"), "gearman-job-server", gearman, 20_000, 1_000),
    ("beanstalkd", BEANSTALKD, "beanstalkd", beanstalkd(), 50_000, 2_000),
)]
ON_DISK = [Contestant(*each) for each in (
    ("Zonda, fsync", ("zonda",), "", zonda(*FSYNC, durable=True), 5_000_000, 1_000),
    ("Zonda, batch (50 ms)", ("zonda",), "", zonda(*BATCH, durable=True), 5_000_000, 1_000),
    ("beanstalkd, synced", BEANSTALKD, "beanstalkd", beanstalkd("-b", "LOG", "-f0"), 3_000, 300),
    ("RabbitMQ, classic", RABBIT, "rabbitmq-server", rabbitmq("classic"), 20_000, 300),
    ("RabbitMQ, quorum", RABBIT, "rabbitmq-server", rabbitmq("quorum"), 20_000, 300),
    ("NATS JetStream, file", NATS, "nats-server", nats("gathered"), 50_000, 0),
    ("NATS JetStream, file, sent at once", NATS, "nats-server", nats("at-once"), 50_000, 500),
)]
