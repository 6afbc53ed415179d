// Files with secrets, and the list of who may connect: ours, and nobody else's to read or to change.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace zonda {

// What is wrong with a file of keys, and what to do about it.
struct KeyFileError : std::runtime_error {
  KeyFileError(const std::string& text, std::string hint_)
      : std::runtime_error(text), hint(std::move(hint_)) {}
  std::string hint;
};

// Throws KeyFileError if it is not there, is not a plain file of the user who runs this, or others can read
// or write it.
std::string read_private_file(const std::string& path);

// Made with mode 0600 and on disk when this returns, or not there at all. Throws KeyFileError, also if there
// is one already.
void create_private_file(const std::string& path, std::string_view text);

// Puts the text in the place of what is there, whole or not at all.
void replace_private_file(const std::string& path, std::string_view text);

}  // namespace zonda
