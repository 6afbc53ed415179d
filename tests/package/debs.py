#!/usr/bin/env python3
"""Debian packages as administrators get them: made by cpack, found well by lintian, installed into a root of
their own, tried, and removed without a trace.

usage: debs.py BUILD_DIR
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

BUILD = pathlib.Path(sys.argv[1]).resolve()
PACKAGES = {"zonda", "libzonda1", "libzonda-dev"}
DEADLINE_S = 300


def run(*command, **options):
    words = [str(word) for word in command]
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                          timeout=DEADLINE_S, **options)
    if done.returncode != 0:
        sys.exit(f"failed: {' '.join(words)}\n{done.stdout}")
    return done.stdout


def require(good, what):
    if not good:
        sys.exit("not so: " + what)


def make(directory):
    os.umask(0o022)  # what is in packages is for everybody
    run("cpack", "--config", BUILD / "CPackConfig.cmake", "-B", directory, cwd=BUILD)
    debs = {run("dpkg-deb", "-f", deb, "Package").strip(): deb for deb in directory.glob("*.deb")}
    require(set(debs) == PACKAGES, f"the packages are {PACKAGES}: {set(debs)}")
    return debs


def inspect(debs):
    if not shutil.which("lintian"):
        print("lintian is not there: not asked")
        return
    said = [line for line in run("lintian", "--fail-on", "error,warning", *debs.values()).splitlines()
            if "root privileges" not in line]
    require(not said, "lintian has nothing to say:\n" + "\n".join(said))


def files_in(root):
    own = root / "var" / "lib" / "dpkg"
    return {path for path in root.rglob("*") if not path.is_dir() and own not in path.parents}


def install_and_remove(debs, root):
    admin = root / "var" / "lib" / "dpkg"
    for name in ("info", "updates", "triggers"):
        (admin / name).mkdir(parents=True)
    (admin / "status").touch()
    (root / "etc").mkdir()
    dpkg = [*(["fakeroot"] if os.geteuid() != 0 else []), "dpkg", f"--root={root}", "--force-depends",
            "--force-not-root", "--force-script-chrootless", f"--log={root}/dpkg.log"]
    run(*dpkg, "--install", *debs.values())
    zonda = root / "usr" / "bin" / "zonda"
    version = run(zonda, "version").split()[1]
    require(run("dpkg-deb", "-f", debs["zonda"], "Version").strip() == version + "-1", "the versions agree")
    for path in ("usr/share/man/man1/zonda-run.1.gz", "usr/share/bash-completion/completions/zonda",
                 "usr/lib/systemd/system/zonda-broker.service", "usr/include/zonda/client.h"):
        require((root / path).is_file(), path + " is there")
    require(list(root.glob("usr/lib/*/libzonda.so.1")), "the library is there")
    require(list(root.glob("usr/lib/*/pkgconfig/zonda.pc")), "its pkg-config file is there")
    run(*dpkg, "--purge", *sorted(PACKAGES))
    left = {str(path.relative_to(root)) for path in files_in(root)}
    require(left <= {"dpkg.log", "etc/passwd", "etc/group", "etc/shadow", "etc/gshadow", "etc/.pwd.lock"},
            f"nothing stays but who the services ran as: {left}")


def main():
    for tool in ("dpkg-shlibdeps", "dpkg"):
        if not shutil.which(tool):
            print(f"skipped: there is no {tool}")
            sys.exit(77)
    with tempfile.TemporaryDirectory() as directory:
        where = pathlib.Path(directory)
        (where / "debs").mkdir()
        debs = make(where / "debs")
        inspect(debs)
        (where / "root").mkdir()
        install_and_remove(debs, where / "root")
    print("ok")


if __name__ == "__main__":
    main()
