// A call with its types erased: what the client sends. The setters check, and throw Error.
#pragma once

#include <zonda/call_options.h>

#include <chrono>
#include <string>
#include <string_view>

namespace zonda::detail {

struct CallParts {
  std::string function;
  std::string signature;
  std::string arguments;  // one msgpack array
  CallOptions options;

  friend bool operator==(const CallParts&, const CallParts&) = default;
};

// Any std::chrono duration converts to it. Fractions of a millisecond count as a whole one, so that no limit
// becomes "none".
using Limit = std::chrono::duration<double, std::milli>;

void set_queue(CallOptions& options, std::string_view name);
void set_retries(CallOptions& options, int count);
void set_timeout(CallOptions& options, Limit limit);
void set_deadline(CallOptions& options, Limit limit);
void set_delay(CallOptions& options, Limit wait);
void set_key(CallOptions& options, std::string_view text);
void set_resource(CallOptions& options, std::string_view name, double amount);
void set_label(CallOptions& options, std::string_view name, std::string_view value);

}  // namespace zonda::detail
