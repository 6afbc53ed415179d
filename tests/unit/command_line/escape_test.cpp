#include "command_line/escape.h"

using namespace zonda::cli;

TEST_CASE("text of others cannot steer the terminal") {
  CHECK(escape_line("plain, Grüße, 日本, 🙂") == "plain, Grüße, 日本, 🙂");
  CHECK(escape_line("\x1b]0;owned\a") == "\\x1b]0;owned\\x07");
  CHECK(escape_line("a\r\nb\tc\x7f") == "a\\x0d\\x0ab\\x09c\\x7f");
  CHECK(escape_line("\xc2\x9b"
                    "2J") ==
        "\\xc2\\x9b"
        "2J");  // CSI as one character
  CHECK(escape_line("\xe2\x80\xae"
                    "exe.txt") ==
        "\\xe2\\x80\\xae"
        "exe.txt");  // right to left
}

TEST_CASE("bytes that are not UTF-8 are shown") {
  CHECK(escape_line("\xff") == "\\xff");
  CHECK(escape_line("\xc3") == "\\xc3");
  CHECK(escape_line("\xc0\x80") == "\\xc0\\x80");
  CHECK(escape_line("\xed\xa0\x80") == "\\xed\\xa0\\x80");
  CHECK(escape_line("\xf0\x9f\x99") == "\\xf0\\x9f\\x99");
}

TEST_CASE("UTF-8 is told from other bytes") {
  CHECK(is_utf8("plain, Grüße, 日本, 🙂"));
  CHECK(is_utf8(""));
  for (const char* other : {"\xff", "a\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf0\x9f\x99"})
    CHECK_FALSE(is_utf8(other));
}

TEST_CASE("long quotes are cut between characters") {
  CHECK(shorten("short", 5) == "short");
  CHECK(shorten("shorter", 5) == "short…");
  CHECK(shorten("aüb", 2) == "a…");
  CHECK(shorten("aüb", 3) == "aü…");
  CHECK(shorten("\x80\x80\x80\x80\x80\x80", 5) == "\x80\x80…");
  CHECK(shorten(std::string(100'000, 'x')).size() == 200 + 3);
}

TEST_CASE("columns count characters") { CHECK(columns_of("Grüße…") == 6); }

TEST_CASE("shell words are quoted only if they must be") {
  CHECK(quote_for_shell("A-z0_9@%+=:,./") == "A-z0_9@%+=:,./");
  CHECK(quote_for_shell("") == "''");
  CHECK(quote_for_shell("~") == "'~'");
  CHECK(quote_for_shell("a'b") == "'a'\\''b'");
  CHECK(quote_for_shell("ü") == "'ü'");
}
