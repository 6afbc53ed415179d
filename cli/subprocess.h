// Another program, run to its end.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace zonda::cli {

struct ProgramEnd {
  int code = 0;  // 128+n for a signal, 127 if there is no such program
  std::string out;
  std::string err;
};

// Gives it `input` and waits until it ends; what it left running may go on. May be called on several threads.
// Throws Complaint if no process can be had, and if it takes longer: then it is killed.
ProgramEnd run_program(const std::vector<std::string>& words, std::string_view input = {},
                       std::chrono::milliseconds patience = std::chrono::hours(24));

// What it said last, but for hints.
std::string last_line(std::string_view text);
// The same of this tool, which complains in JSON where it answers in JSON.
std::string last_complaint(std::string_view text);

std::string own_program();  // where this program is; throws Complaint

}  // namespace zonda::cli
