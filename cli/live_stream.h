// One output stream of a running command, as far as it was shown. What arrives while it runs may repeat, and
// leaves a gap where a connection broke; the outcome fills what it kept of it.
#pragma once

#include <zonda/job_id.h>

#include <cstdint>
#include <string_view>

namespace zonda::cli {

class LiveStream {
 public:
  // The part of `bytes` at `offset` that continues what was shown; empty if it was shown or leaves a gap.
  // Under a later token the command begins anew.
  std::string_view next(Token token, std::uint64_t offset, std::string_view bytes);
  // What of the whole stream was not shown.
  std::string_view rest(Token token, std::string_view whole);
  std::uint64_t shown() const { return shown_; }

 private:
  Token token_;
  std::uint64_t shown_ = 0;
};

}  // namespace zonda::cli
