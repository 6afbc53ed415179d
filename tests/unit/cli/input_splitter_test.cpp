#include "cli/input_splitter.h"

using zonda::cli::InputSplitter;
using Inputs = std::vector<std::string>;

namespace {

Inputs split(std::string_view bytes, char delimiter, std::size_t step) {
  InputSplitter splitter(delimiter);
  Inputs inputs;
  for (std::size_t at = 0; at < bytes.size(); at += step) splitter.feed(bytes.substr(at, step), inputs);
  splitter.finish(inputs);
  return inputs;
}

}  // namespace

TEST_CASE("inputs are the same however the bytes arrive") {
  for (const std::size_t step : {1, 2, 3, 100}) {
    CAPTURE(step);
    CHECK(split("a\n\nb c\nlast", '\n', step) == Inputs{"a", "", "b c", "last"});
    CHECK(split("a\nb\n", '\n', step) == Inputs{"a", "b"});
    CHECK(split("\n", '\n', step) == Inputs{""});
    CHECK(split(std::string_view("a\nb\0\0c\r\0", 8), '\0', step) == Inputs{"a\nb", "", "c\r"});
    CHECK(split("\xff\xfe \t\r\n", '\n', step) == Inputs{"\xff\xfe \t\r"});
  }
}

TEST_CASE("no bytes are no inputs") { CHECK(split("", '\n', 1).empty()); }
