#include "cli/command_template.h"

using namespace zonda::cli;
using Words = std::vector<std::string>;

namespace {

Words filled(Words words, bool shell, std::string_view input,
             WithoutMark without = WithoutMark::AppendInput) {
  return CommandTemplate(std::move(words), shell, without).fill(input);
}

}  // namespace

TEST_CASE("the mark is replaced inside every argument") {
  CHECK(filled({"cp", "{}", "/out/{}.bak", "{}{}"}, false, "a b") ==
        Words{"cp", "a b", "/out/a b.bak", "a ba b"});
}

TEST_CASE("without a mark the input is the last argument") {
  CHECK(filled({"gzip"}, false, "a.txt") == Words{"gzip", "a.txt"});
  CHECK(filled({"gzip"}, false, "") == Words{"gzip", ""});
  CHECK(filled({"./simulate"}, false, "7", WithoutMark::LeaveAlone) == Words{"./simulate"});
}

TEST_CASE("an input is never looked at for marks") {
  CHECK(filled({"echo", "{}-{}"}, false, "{}") == Words{"echo", "{}-{}"});
  CHECK(filled({"echo {}"}, true, "{}") == Words{"echo '{}'"});
}

TEST_CASE("bytes pass unchanged") {
  const std::string bytes("\xff\x00\n\x1b", 4);
  CHECK(filled({"echo"}, false, bytes) == Words{"echo", bytes});
}

TEST_CASE("in a script the input is one word, quoted only if it must be") {
  CHECK(filled({"gzip -9 {} | wc -c"}, true, "/data/a_b-1.txt") == Words{"gzip -9 /data/a_b-1.txt | wc -c"});
  CHECK(filled({"echo {}"}, true, "a b") == Words{"echo 'a b'"});
  CHECK(filled({"echo {}"}, true, "it's; rm -rf $HOME `x`") == Words{"echo 'it'\\''s; rm -rf $HOME `x`'"});
  CHECK(filled({"echo {}"}, true, "") == Words{"echo ''"});
  CHECK(filled({"echo"}, true, "a b") == Words{"echo 'a b'"});
  CHECK(filled({"echo", "$X"}, true, "1", WithoutMark::LeaveAlone) == Words{"echo $X"});
}
