#include "cli/progress_bar.h"

using namespace zonda::cli;

TEST_CASE("progress says what is done, failed, how fast, and what is left") {
  CHECK(format_progress({50, 2, 100, true}, 10, 80, false) ==
        "[####################--------------------] 50/100  2 failed  5.0/s  10s left");
  CHECK(format_progress({100, 0, 100, true}, 10, 80, false) ==
        "[########################################] 100/100  10/s");
  CHECK(format_progress({0, 0, 100, true}, 0, 60, false) ==
        "[----------------------------------------] 0/100");
}

TEST_CASE("while inputs are still read there is no end to predict") {
  CHECK(format_progress({5, 0, 9, false}, 5, 80, false) == "5/9+  1.0/s");
}

TEST_CASE("a narrow terminal gets no bar") {
  CHECK(format_progress({50, 0, 100, true}, 10, 20, false) == "50/100  5.0/s  10s left");
}

TEST_CASE("failures are red where colours are wanted") {
  CHECK(format_progress({1, 1, 2, false}, 0, 80, true) == "1/2+\x1b[31m  1 failed\x1b[0m");
}
