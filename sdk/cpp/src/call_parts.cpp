#include <zonda/detail/call_parts.h>
#include <zonda/detail/name.h>
#include <zonda/error.h>

#include <cmath>

namespace zonda::detail {
namespace {

constexpr std::size_t kKeyBytesMax = 1024;
constexpr std::size_t kLabelValueBytesMax = 256;
constexpr std::size_t kQuotedBytesMax = 64;
constexpr Limit kLimitMax = std::chrono::days(3'650);

std::string quoted(std::string_view text) {
  return "\"" + std::string(text.substr(0, kQuotedBytesMax)) + "\"";
}

std::string checked_name(const char* what, std::string_view name) {
  if (!is_name(name))
    throw Error(std::string(what) + " " + quoted(name) + " is not a name ([A-Za-z0-9._-]{1,128})");
  return std::string(name);
}

std::chrono::milliseconds checked_limit(const char* what, Limit limit) {
  if (!(limit > Limit::zero())) throw Error(std::string(what) + " must be longer than 0");
  if (limit > kLimitMax) throw Error(std::string(what) + " must be at most 10 years");
  return std::chrono::ceil<std::chrono::milliseconds>(limit);
}

}  // namespace

void set_queue(CallOptions& options, std::string_view name) { options.queue = checked_name("queue", name); }

void set_retries(CallOptions& options, int count) {
  if (count < 0) throw Error("retries must not be negative, got " + std::to_string(count));
  options.retries = count;
}

void set_timeout(CallOptions& options, Limit limit) { options.timeout = checked_limit("timeout", limit); }
void set_deadline(CallOptions& options, Limit limit) { options.deadline = checked_limit("deadline", limit); }

void set_delay(CallOptions& options, Limit wait) {
  options.delay = wait == Limit::zero() ? std::chrono::milliseconds(0) : checked_limit("delay", wait);
}

void set_key(CallOptions& options, std::string_view text) {
  if (text.empty() || text.size() > kKeyBytesMax)
    throw Error("a key has 1 to 1024 bytes, got " + std::to_string(text.size()));
  options.key = text;
  options.detached = true;  // a task that several clients may share belongs to none of them
}

void set_resource(CallOptions& options, std::string_view name, double amount) {
  std::string key = checked_name("resource", name);
  if (!std::isfinite(amount) || amount < 0)
    throw Error("resource " + key + " needs a finite amount of 0 or more");
  options.resources.insert_or_assign(std::move(key), amount);
}

void set_label(CallOptions& options, std::string_view name, std::string_view value) {
  std::string key = checked_name("label", name);
  if (value.size() > kLabelValueBytesMax) throw Error("label " + key + " has a value of more than 256 bytes");
  options.labels.insert_or_assign(std::move(key), std::string(value));
}

}  // namespace zonda::detail
