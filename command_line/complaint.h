// Why a command did not do what it was asked: thrown from anywhere, printed once by main.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include "command_line/exit_code.h"

namespace zonda::cli {

class Complaint : public std::runtime_error {
 public:
  Complaint(ExitCode code, const std::string& message, std::string hint = {})
      : std::runtime_error(message), code_(code), hint_(std::move(hint)) {}

  ExitCode code() const { return code_; }
  const std::string& hint() const { return hint_; }

 private:
  ExitCode code_;
  std::string hint_;
};

// Nobody reads our output any more: leave without a word, as other filters do.
struct OutputClosed {};

// "zonda: …" and, if there is one, "hint: …"; or with `json` one object on one line.
std::string format_complaint(const Complaint& complaint, bool json);

}  // namespace zonda::cli
