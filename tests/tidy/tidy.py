#!/usr/bin/env python3
"""Checks the rules of the tree that a compiler does not know. Each complaint says what to do instead.

usage: tidy.py [root]
"""
import pathlib
import re
import shutil
import subprocess
import sys

FILE_LINES_MAX = 400
COLUMNS_MAX = 110
FUNCTION_LINES_MAX = 70
CLANG_FORMAT_VERSION = "14"  # Debian 12's; others lay out differently

# Files that may be longer than the limit, each with the reason.
LONG_FILES = {}

COMPONENTS = ("command_line/", "broker/", "worker/", "sdk/", "proto/", "cli/", "tests/")
CORES = ("broker/core/", "worker/core/", "sdk/cpp/core/")
MAY_INCLUDE_ZMQ = ("proto/wire/", "tests/unit/wire/", "tests/bench/peers/")

INPUT = "a core gets it from outside, as an argument of the event or in its options"
NOT_IN_CORES = {
    r"::now\(": "take the time as an argument: the loop reads the clock once per turn",
    r"<thread>": "a core belongs to one thread; the loop owns threads",
    r"<mutex>": "a core belongs to one thread; the loop owns threads",
    r"<fstream>": "hand out a record; the store writes it",
    r"zmq": "hand out a message; the wire sends it",
    r"\brand\(": INPUT,
    r"getenv": INPUT,
    r"sleep": "set a deadline; the loop waits for next_deadline()",
    r"spdlog": "hand out a record or a counter; the loop logs it",
}
NOT_IN_TESTS = {
    r"sleep_for|sleep_until|\busleep\s*\(|\bnanosleep\s*\(|\bsleep\s*\(":
        "wait for the event itself: poll with a deadline, or turn a simulated clock",
}
NOWHERE = {r"std::endl": "write '\\n': endl flushes each time"}
NOT_IN_HEADERS = {r"\busing\s+namespace\b": "name what is used, or move it into the source file"}

TOKENS = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<tag>[^(\s]*)\(.*?\)(?P=tag)"|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])*'",
    re.DOTALL)
NOT_A_FUNCTION = re.compile(r"\b(namespace|class|struct|union|enum)\b[^()]*$")


def list_files(root):
    """Tracked and new files; without git, everything that is not hidden or built."""
    if (root / ".git").exists() and shutil.which("git"):
        command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\0")
        return sorted(name for name in names if name and (root / name).is_file())
    found = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
    return sorted(str(path) for path in found
                  if path.parts[0] != "build" and not any(part.startswith(".") for part in path.parts[:-1]))


def is_cpp(name):
    return name.endswith((".h", ".cpp"))


def is_script(name):
    suffixes = (".py", ".cmake", ".sh", "CMakeLists.txt")
    return name.endswith(suffixes) or name in ("tests/run", "deploy/install-deps")


def code_only(text):
    """The text without comments and literals, with its lines in place. Includes keep what they name."""
    def blank(match):
        token = match.group(0)
        line_start = text.rfind("\n", 0, match.start()) + 1
        if token.startswith('"') and text[line_start:match.start()].lstrip().startswith("#"):
            return token
        return '""' + "\n" * token.count("\n")
    return TOKENS.sub(blank, text)


def matches(code, rules):
    for number, line in enumerate(code.split("\n"), 1):
        for pattern, instead in rules.items():
            found = re.search(pattern, line)
            if found:
                yield number, f"{found.group(0)!r} here: {instead}"


def check_sizes(name, text):
    lines = text.split("\n")
    count = len(lines) - (lines[-1] == "")
    if is_cpp(name) and count > FILE_LINES_MAX and name not in LONG_FILES:
        yield 1, f"{count} lines, at most {FILE_LINES_MAX}: split it by noun"
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS_MAX and not line.startswith("#include"):
            yield number, f"{len(line)} columns, at most {COLUMNS_MAX}: break the line"


def functions(code):
    """(first line, last line) of each outermost function body, found by braces: roughly right is enough."""
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: "\n" * m.group(0).count("\n"), code, flags=re.M)
    stack = []  # for each open brace: the line where its function began, or None
    head_start = 0
    for match in re.finditer(r"[{};]", code):
        at = match.start()
        if match.group(0) == "{":
            head = code[head_start:at]
            inside = any(line is not None for line in stack)
            begins = not inside and "(" in head and not NOT_A_FUNCTION.search(head)
            first = head_start + len(head) - len(head.lstrip())
            stack.append(code.count("\n", 0, first) + 1 if begins else None)
        elif match.group(0) == "}" and stack:
            began = stack.pop()
            if began is not None:
                yield began, code.count("\n", 0, at) + 1
        head_start = at + 1


def check_functions(code):
    for first, last in functions(code):
        if last - first + 1 > FUNCTION_LINES_MAX:
            lines = last - first + 1
            yield first, f"a function of {lines} lines, at most {FUNCTION_LINES_MAX}: give its parts names"


def check_cpp(name, text):
    code = code_only(text)
    yield from check_functions(code)
    yield from matches(code, NOWHERE)
    if name.startswith(CORES):
        yield from matches(code, NOT_IN_CORES)
    if name.startswith("tests/"):
        yield from matches(code, NOT_IN_TESTS)
    if not name.startswith(MAY_INCLUDE_ZMQ):
        yield from matches(code, {r"<zmq": "only the wire adapter speaks ZeroMQ; use proto/wire/wire.h"})
    if name.endswith(".h"):
        yield from matches(code, NOT_IN_HEADERS)
        if not re.search(r"^#pragma once$", text, re.M):
            yield 1, "no #pragma once: add it above the includes"


def check_mentioned(root, name):
    """A source that no CMakeLists.txt names is compiled by nobody."""
    path = pathlib.PurePath(name)
    for folder in path.parents:
        lists = root / folder / "CMakeLists.txt"
        if not lists.is_file():
            continue
        relative = re.escape(str(path.relative_to(folder))[:-len(".cpp")])
        named = rf'(?:^|[\s"(/]){relative}(?:\.cpp)?(?=$|[\s")])'
        if re.search(named, lists.read_text(encoding="utf-8"), re.M):
            return
    yield 1, "no CMakeLists.txt mentions it: add it to its target, or delete it"


def check_file(root, name):
    text = (root / name).read_text(encoding="utf-8", errors="replace")
    if is_cpp(name) or is_script(name):
        yield from check_sizes(name, text)
        for number, line in enumerate(text.split("\n"), 1):
            if "FIX" + "ME" in line:
                yield number, "mend it now, or say in the documentation what is missing"
    if is_cpp(name):
        yield from check_cpp(name, text)
    if name.endswith(".cpp") and name.startswith(COMPONENTS):
        yield from check_mentioned(root, name)


def check_format(root, names):
    program = shutil.which("clang-format-" + CLANG_FORMAT_VERSION) or shutil.which("clang-format")
    if program is None:
        print("tidy: clang-format is not installed, so the layout was not checked")
        return
    answer = subprocess.run([program, "--version"], check=True, capture_output=True, text=True)
    version = answer.stdout.strip()
    if not re.search(rf"version {CLANG_FORMAT_VERSION}\.", version):
        print(f"tidy: the layout was not checked: it takes {CLANG_FORMAT_VERSION}, this is {version}")
        return
    command = [program, "--dry-run", "-Werror", *names]
    run = subprocess.run(command, cwd=root, capture_output=True, text=True)
    for name in sorted(set(re.findall(r"^([^:\n]+):\d+:\d+: error", run.stderr, re.M))):
        yield name, 1, f"not laid out as .clang-format says: clang-format -i {name}"
    if run.returncode != 0 and not run.stderr.strip().startswith(tuple(names)):
        yield ".clang-format", 1, run.stderr.strip()


def complaints(root):
    names = list_files(root)
    for name in names:
        for line, message in check_file(root, name):
            yield name, line, message
    for name in LONG_FILES:
        if name not in names:
            yield name, 1, "listed in LONG_FILES, but there is no such file: remove it there"
    cpp = [name for name in names if is_cpp(name)]
    if cpp:
        yield from check_format(root, cpp)


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]).resolve()
    count = 0
    for name, line, message in complaints(root):
        print(f"{name}:{line}: {message}")
        count += 1
    print(f"tidy: {count} complaints" if count else "tidy: nothing to complain about")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
