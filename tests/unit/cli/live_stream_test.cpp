#include "cli/live_stream.h"

using zonda::cli::LiveStream;

TEST_CASE("what was shown is not shown again") {
  LiveStream stream;
  CHECK(stream.next({1, 1}, 0, "abc") == "abc");
  CHECK(stream.next({1, 1}, 0, "abc").empty());
  CHECK(stream.next({1, 1}, 2, "cde") == "de");
  CHECK(stream.rest({1, 1}, "abcdef") == "f");
  CHECK(stream.rest({1, 1}, "abcdef").empty());
}

TEST_CASE("the outcome fills gaps") {
  LiveStream stream;
  CHECK(stream.next({1, 1}, 0, "ab") == "ab");
  CHECK(stream.next({1, 1}, 4, "ef").empty());
  CHECK(stream.rest({1, 1}, "abcdef") == "cdef");
}

TEST_CASE("another run begins anew") {
  LiveStream stream;
  CHECK(stream.next({1, 1}, 0, "abc") == "abc");
  CHECK(stream.next({1, 2}, 0, "abc") == "abc");
  CHECK(stream.next({1, 1}, 3, "late").empty());
  CHECK(stream.rest({1, 3}, "xyz") == "xyz");
}

TEST_CASE("an outcome that was cut holds less than was shown") {
  LiveStream stream;
  CHECK(stream.next({1, 1}, 0, "abcdef") == "abcdef");
  CHECK(stream.rest({1, 1}, "abc").empty());
}
