#!/usr/bin/env python3
"""The image and the manifests, as far as that can be told without a container engine or a cluster: they name
the packages that the program needs, options that it has, and each other.

usage: containers.py SOURCE_DIR ZONDA
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

try:
    import yaml
except ImportError:
    print("skipped: there is no python3-yaml")
    sys.exit(77)

SOURCE, ZONDA = pathlib.Path(sys.argv[1]), sys.argv[2]
DOCKER, KUBERNETES = SOURCE / "deploy" / "docker", SOURCE / "deploy" / "kubernetes"
OF_THE_BASE = {"libc6", "libgcc-s1", "libstdc++6"}  # in every Debian image, or asked for by name


def require(good, what):
    if not good:
        sys.exit("not so: " + what)


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False, timeout=60, **options)
    require(done.returncode == 0, f"{command} works: {done.stdout}")
    return done.stdout


def require_options(words):
    """That `zonda WORDS` has these commands and options."""
    commands = [word for word in words if not word.startswith("-")][:2]
    known = run(ZONDA, *commands, "--help")
    for word in words:
        if word.startswith("--"):
            require(word.split("=")[0] + " " in known, f"zonda {' '.join(commands)} has {word}")


def package_of(path):
    """Debian knows a file below /lib or below /usr/lib, where it is the same."""
    real = str(pathlib.Path(path).resolve())
    for name in (real, real.removeprefix("/usr")):
        found = subprocess.run(["dpkg", "-S", name], capture_output=True, text=True, check=False)
        if found.returncode == 0:
            return found.stdout.split(":")[0]
    sys.exit("no package has " + path)


def check_image():
    text = (DOCKER / "Dockerfile").read_text()
    stage = text.split("FROM debian:12-slim")[1]
    installs = re.search(r"install -y --no-install-recommends([^&]*)", stage).group(1)
    named = set(installs.replace("\\", "").split())
    needed = set()
    for line in run("ldd", ZONDA).splitlines():
        path = line.split("=>")[-1].split(" (")[0].strip()
        if path.startswith("/lib/") or path.startswith("/usr/lib/"):
            needed.add(package_of(path))
    direct = {name for name in named - {"tini", "libstdc++6"}}
    require(direct <= needed, f"no package without need: {direct - needed}")
    depends = set()
    for name in named:
        said = run("apt-cache", "depends", "--recurse", "--important", name)
        depends |= set(re.findall(r"Depends: (\S+)", said))
    require(needed <= named | depends | OF_THE_BASE, f"every library is there: {needed - named - depends}")
    for source in re.findall(r"^COPY (?!--from)(\S+)", text, re.M):
        require((SOURCE / source).exists(), source + " is there")
    for option in re.findall(r"-D(ZONDA_\w+)", text):
        require(option in (SOURCE / "CMakeLists.txt").read_text(), option + " is an option")


def check_entrypoint():
    """Mounted keys become this user's alone; the words go through."""
    with tempfile.TemporaryDirectory() as directory:
        home, mounted = pathlib.Path(directory, "home"), pathlib.Path(directory, "mounted")
        home.mkdir()
        mounted.mkdir()
        (mounted / "worker.key").write_text("key")
        (mounted / "worker.key").chmod(0o444)
        fake = pathlib.Path(directory, "zonda")
        fake.write_text('#!/bin/sh\necho "$ZONDA_KEYS $*"; stat -Lc %a "$ZONDA_KEYS"\n')
        fake.chmod(0o755)
        environment = {"HOME": str(home), "PATH": f"{directory}:/usr/bin:/bin"}
        for keys, expected in ((mounted, "700"), (mounted / "worker.key", "600")):
            for _ in range(2):  # a container that starts again
                said = run(DOCKER / "entrypoint", "worker", "start",
                           env={**environment, "ZONDA_MOUNTED_KEYS": str(keys)}).split()
                require(said[1:] == ["worker", "start", expected], f"{said} of {keys}")
        require((home / ".mounted-keys" / "worker.key").stat().st_mode & 0o777 == 0o600, "the key is private")


def check_compose():
    compose = yaml.safe_load((DOCKER / "compose.yml").read_text())
    worker = compose["services"]["worker"]
    require(worker["volumes"] == ["worker-key:/keys:ro"], "tasks see a worker's key only")
    for name, service in compose["services"].items():
        if isinstance(service.get("command"), list):
            require_options(service["command"])
        for volume in service.get("volumes", []):
            require(volume.split(":")[0] in compose["volumes"], f"the volume of {name} is there")
        for other in service.get("depends_on", []):
            require(other in compose["services"], f"{other} is a service")


def check_kubernetes():
    documents = []
    paths = [*sorted((KUBERNETES / "base").glob("*.yaml")), KUBERNETES / "keda" / "scaled-object.yaml"]
    for path in paths:
        if path.name != "kustomization.yaml":
            documents += [each for each in yaml.safe_load_all(path.read_text()) if each]
    by_name = {(each["kind"], each["metadata"]["name"]): each for each in documents}
    service = by_name["Service", "zonda-broker"]
    for (kind, name), each in by_name.items():
        if kind not in ("Deployment", "StatefulSet"):
            continue
        pod = each["spec"]["template"]
        labels = each["spec"]["selector"]["matchLabels"]
        require(labels.items() <= pod["metadata"]["labels"].items(), f"{name} selects its own pods")
        volumes = {volume["name"] for volume in pod["spec"].get("volumes", [])}
        volumes |= {claim["metadata"]["name"] for claim in each["spec"].get("volumeClaimTemplates", [])}
        for container in pod["spec"]["containers"]:
            require_options(container["args"])
            for mount in container["volumeMounts"]:
                require(mount["name"] in volumes, f"{mount['name']} of {name} is a volume")
    broker = by_name["StatefulSet", "zonda-broker"]["spec"]["template"]
    selector = service["spec"]["selector"]
    require(selector.items() <= broker["metadata"]["labels"].items(), "the service finds it")
    ports = {port["containerPort"] for port in broker["spec"]["containers"][0]["ports"]}
    require(ports == {port["port"] for port in service["spec"]["ports"]}, "the ports agree")
    worker = by_name["Deployment", "zonda-worker"]["spec"]["template"]["spec"]
    require("--drain-timeout=1h" in worker["containers"][0]["args"] and
            worker["terminationGracePeriodSeconds"] > 3600, "a drain is shorter than what a pod is given")
    url = by_name["ScaledObject", "zonda-worker"]["spec"]["triggers"][0]["metadata"]["url"]
    host = url.split("/")[2].split(":")[0]
    require(f"--http-name={host}" in broker["spec"]["containers"][0]["args"], "the broker answers to " + host)
    if shutil.which("kubectl"):
        for directory in ("base", "keda"):
            run("kubectl", "kustomize", KUBERNETES / directory)
    else:
        print("there is no kubectl: kustomize not tried")


def main():
    check_image()
    check_entrypoint()
    check_compose()
    check_kubernetes()
    print("ok")


if __name__ == "__main__":
    main()
