// A function with its arguments, ready to be submitted: `fn::square(7).retries(3).timeout(30s)`.
//
// A value: copy it, keep it, submit it twice (that makes two tasks, unless it has a key). The arguments were
// encoded when it was made. Not synchronised. Options chain on temporaries and on named calls alike; what is
// not allowed throws Error and leaves the call as it was.
//
// Names (queues, resources, labels) match [A-Za-z0-9._-]{1,128}.
#pragma once

#include <zonda/detail/call_parts.h>

#include <string_view>
#include <utility>

namespace zonda {

template <class R>
class [[nodiscard]] Call {
 public:
  using Result = R;

  explicit Call(detail::CallParts parts) : parts_(std::move(parts)) {}  // made by Function

  // Which queue it waits in.
  Call& queue(std::string_view name) & { return detail::set_queue(parts_.options, name), *this; }
  Call&& queue(std::string_view name) && { return std::move(queue(name)); }

  // Higher runs first; 0 is normal, negative is in the background.
  Call& priority(int level) & { return parts_.options.priority = level, *this; }
  Call&& priority(int level) && { return std::move(priority(level)); }

  // How many more attempts errors and crashes may cost; 0 or more.
  Call& retries(int count) & { return detail::set_retries(parts_.options, count), *this; }
  Call&& retries(int count) && { return std::move(retries(count)); }

  // It does not begin before so much time has passed since the submission: 0 to 10 years.
  Call& delay(detail::Limit wait) & { return detail::set_delay(parts_.options, wait), *this; }
  Call&& delay(detail::Limit wait) && { return std::move(delay(wait)); }

  // Limits of one attempt, and of everything since the submission: longer than 0, at most 10 years.
  Call& timeout(detail::Limit limit) & { return detail::set_timeout(parts_.options, limit), *this; }
  Call&& timeout(detail::Limit limit) && { return std::move(timeout(limit)); }
  Call& deadline(detail::Limit limit) & { return detail::set_deadline(parts_.options, limit), *this; }
  Call&& deadline(detail::Limit limit) && { return std::move(deadline(limit)); }

  // Calls with the same key, function and arguments are one task, also across restarts of the client.
  // A key has 1 to 1024 bytes and implies detached().
  Call& key(std::string_view text) & { return detail::set_key(parts_.options, text), *this; }
  Call&& key(std::string_view text) && { return std::move(key(text)); }

  // What a worker must have free for it; a finite amount, 0 or more. The last word counts.
  Call& resource(std::string_view name, double amount) & {
    return detail::set_resource(parts_.options, name, amount), *this;
  }
  Call&& resource(std::string_view name, double amount) && { return std::move(resource(name, amount)); }

  // What a worker must be labelled with; values have at most 256 bytes. The last word counts.
  Call& label(std::string_view name, std::string_view value) & {
    return detail::set_label(parts_.options, name, value), *this;
  }
  Call&& label(std::string_view name, std::string_view value) && { return std::move(label(name, value)); }

  // It goes on, and keeps its outcome, when this client is gone.
  Call& detached() & { return parts_.options.detached = true, *this; }
  Call&& detached() && { return std::move(detached()); }

  std::string_view function() const { return parts_.function; }
  std::string_view signature() const { return parts_.signature; }
  std::string_view arguments() const { return parts_.arguments; }
  const CallOptions& options() const { return parts_.options; }
  const detail::CallParts& parts() const& { return parts_; }
  detail::CallParts parts() && { return std::move(parts_); }

 private:
  detail::CallParts parts_;
};

}  // namespace zonda
