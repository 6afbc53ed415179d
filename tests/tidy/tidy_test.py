#!/usr/bin/env python3
"""Each rule of tidy.py fires on what it forbids and leaves the rest alone."""
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import tidy  # noqa: E402


def complain(name, text, lists=None):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        if lists is not None:
            (path.parent / "CMakeLists.txt").write_text(lists, encoding="utf-8")
        return [(line, message) for line, message in tidy.check_file(root, name)]


HEADER = "#pragma once\n"


class TidyTest(unittest.TestCase):
    def assert_fires(self, name, text, what, line=None):
        found = complain(name, text, lists=pathlib.PurePath(name).name)
        self.assertEqual(1, len(found), found)
        self.assertIn(what, found[0][1])
        if line is not None:
            self.assertEqual(line, found[0][0])

    def assert_quiet(self, name, text):
        self.assertEqual([], complain(name, text, lists=pathlib.PurePath(name).name))

    def test_sizes(self):
        self.assert_quiet("proto/a.cpp", "int a;\n" * 400)
        self.assert_fires("proto/a.cpp", "int a;\n" * 401, "401 lines")
        self.assert_quiet("proto/a.cpp", "/" * 110 + "\n")
        self.assert_fires("proto/a.cpp", "\n" + "/" * 111 + "\n", "111 columns", line=2)

    def test_function_length(self):
        def function(lines, head="int f(int a)"):
            return head + " {\n" + "  if (a) { a(); }\n" * (lines - 2) + "}\n"
        heads = ("int f(int a)", 'TEST_CASE("a { b")', "A::A(int a) : a_(a)",
                 "auto f() -> std::pair<int, int>")
        for head in heads:
            text = "namespace {\nstruct S {\n" + function(70, head) + "};\n}\n"
            self.assert_quiet("proto/a.cpp", text)
            text = "namespace {\nstruct S {\n" + function(71, head) + "};\n}\n"
            self.assert_fires("proto/a.cpp", text, "a function of 71 lines", line=3)
        self.assert_quiet("proto/a.cpp", "class A {\n" + "  void f() { g(); }\n" * 100 + "};\n")

    def test_sources_nobody_compiles(self):
        self.assertEqual([], complain("broker/core/a.cpp", "", lists="add(x\n  a.cpp b.cpp)"))
        for lists in (None, "", "aa.cpp", "a.cpp.in"):
            found = complain("broker/core/a.cpp", "", lists=lists)
            self.assertEqual(1, len(found), lists)
            self.assertIn("no CMakeLists.txt mentions it", found[0][1])

    def test_cores(self):
        for core in tidy.CORES:
            for bad in ("auto t = Clock::now();", "#include <thread>", "#include <mutex>",
                        "#include <fstream>", "int a = rand();", "getenv(name);", "sleep(a);",
                        "spdlog::info(a);"):
                self.assert_fires(core + "a.cpp", bad, "here")
            self.assert_quiet(core + "a.cpp", "// sleep is for workers\nlog(\"::now(\");\n")
        self.assert_fires("broker/core/a.cpp", '#include "proto/wire/zmq_socket.h"\n', "zmq")
        self.assert_quiet("broker/a.cpp", "auto t = Clock::now();\n#include <thread>\n")

    def test_zmq_stays_in_the_wire(self):
        self.assert_fires("broker/a.cpp", "#include <zmq.hpp>\n", "only the wire adapter")
        self.assert_quiet("proto/wire/a.cpp", "#include <zmq.hpp>\n")
        self.assert_quiet("tests/unit/wire/a.cpp", "#include <zmq.h>\n")

    def test_headers(self):
        self.assert_fires("proto/a.h", "int a;\n", "#pragma once")
        self.assert_fires("proto/a.h", HEADER + "using namespace std;\n", "name what is used", line=2)
        self.assert_quiet("proto/a.h", HEADER + "using std::string;\n")
        self.assert_quiet("proto/a.cpp", "using namespace std;\n")

    def test_sleeping_tests(self):
        for bad in ("std::this_thread::sleep_for(1s);", "usleep(1);", "sleep (1);", "nanosleep(&a, &b);"):
            self.assert_fires("tests/unit/a.cpp", bad, "wait for the event itself")
        self.assert_quiet("tests/unit/a.cpp", "// no sleep(1)\ncall(\"sleep(1)\", asleep(1));\n")
        self.assert_quiet("worker/a.cpp", "usleep(1);\n")

    def test_words(self):
        self.assert_fires("proto/a.cpp", "out << std::endl;\n", "endl flushes")
        self.assert_fires("proto/a.cpp", "// FIX" + "ME\n", "mend it now")

    def test_digit_separators_and_raw_strings_do_not_confuse_it(self):
        self.assert_fires("proto/a.cpp", "int a = 1'000;\nauto b = 'x';\nstd::endl;\n", "endl", line=3)
        self.assert_fires("proto/a.cpp", 'auto a = R"(" \n { " )";\nstd::endl;\n', "endl", line=3)


if __name__ == "__main__":
    unittest.main()
