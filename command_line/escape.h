// Text of others on a terminal and in a shell.
#pragma once

#include <string>
#include <string_view>

namespace zonda::cli {

// What could steer a terminal or forge lines is shown as \xNN: control characters, invalid UTF-8, and the
// invisible characters that turn the direction of text. One line in, one line out.
std::string escape_line(std::string_view text);

bool is_utf8(std::string_view text);

// At most `bytes` of a text, cut between characters, and "…" if that is not all: for messages that quote what
// may be long.
std::string shorten(std::string_view text, std::size_t bytes = 200);

// How many columns a terminal uses for text that was escaped; wide characters count as one.
std::size_t columns_of(std::string_view text);

// As one word for /bin/sh; unchanged if it consists of [A-Za-z0-9_@%+=:,./-] only and is not empty.
std::string quote_for_shell(std::string_view text);

}  // namespace zonda::cli
