#!/usr/bin/env python3
"""Consumes Zonda as a user would: installed, with find_package and pkg-config. The programs it builds and
runs are the code blocks of README.md, so that they stay true.

usage: run.py SOURCE_DIR BUILD_DIR
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(sys.argv[1])
BUILD = pathlib.Path(sys.argv[2])
DEADLINE_S = 300


def run(*command, **options):
    words = [str(word) for word in command]
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=DEADLINE_S, **options)
    if done.returncode != 0:
        sys.exit(f"failed: {' '.join(words)}\n{done.stdout}")
    return done.stdout


def readme_blocks():
    """The C++ blocks of the README by the file name in their first line."""
    text = (SOURCE / "README.md").read_text()
    blocks = {}
    for block in re.findall(r"```cpp\n(.*?)```", text, re.S):
        name = re.match(r"// (\w+\.(?:h|cpp))", block)
        if name:
            blocks[name.group(1)] = block
    missing = {"functions.h", "worker.cpp", "client.cpp"} - blocks.keys()
    if missing:
        sys.exit(f"README.md lacks the blocks {sorted(missing)}")
    return blocks


def write_consumer(where, cmake):
    where.mkdir(parents=True)
    for name, code in readme_blocks().items():
        (where / name).write_text(code)
    (where / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.25)\nproject(consumer CXX)\n" + cmake +
        "\nforeach(program IN ITEMS worker client)\n"
        "  add_executable(${program} ${program}.cpp)\n"
        "  target_link_libraries(${program} PRIVATE zonda::zonda)\nendforeach()\n")


def build_consumer(where, *options):
    run("cmake", "-S", where, "-B", where / "build", "-G", "Ninja", *options)
    run("cmake", "--build", where / "build", "-j2")
    return where / "build"


def run_programs(programs, environment, scratch):
    """The README's worker and client against a broker of their own; returns what the client printed."""
    zonda = BUILD / "cli" / "zonda"
    environment = dict(environment, ZONDA_BROKER=f"ipc://{scratch}/sockets")
    processes = []
    try:
        processes.append(subprocess.Popen([zonda, "broker", "start", "--memory", "--quiet", "--bind",
                                           environment["ZONDA_BROKER"]], env=environment))
        processes.append(subprocess.Popen([programs / "worker", "--quiet", "--slots", "2"], env=environment))
        return run(programs / "client", env=environment)
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait(timeout=DEADLINE_S)


def main():
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="zonda-package-"))
    try:
        prefix = scratch / "prefix"
        run("cmake", "--install", BUILD, "--prefix", prefix)
        libraries = next(prefix.glob("lib/**/libzonda.so")).parent
        environment = dict(os.environ, LD_LIBRARY_PATH=str(libraries),
                           PKG_CONFIG_PATH=str(libraries / "pkgconfig"))

        write_consumer(scratch / "found", "find_package(zonda REQUIRED)")
        programs = build_consumer(scratch / "found", f"-DCMAKE_PREFIX_PATH={prefix}")
        printed = run_programs(programs, environment, scratch)
        readme = (SOURCE / "README.md").read_text()
        expected = re.search(r"<!-- output of client -->\n```\n(.*?)```", readme, re.S)
        # As sets of lines: the last two come in the order in which their tasks finish.
        if expected is None or sorted(printed.split("\n")) != sorted(expected.group(1).split("\n")):
            sys.exit(f"README.md shows another output than its client printed:\n{printed}")

        flags = run("pkg-config", "--cflags", "--libs", "zonda", env=environment).split()
        source = scratch / "found" / "client.cpp"
        run("c++", source, "-o", scratch / "by-pkg-config", *flags)
        print("find_package, pkg-config and the README's programs work")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
