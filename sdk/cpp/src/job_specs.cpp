#include "sdk/cpp/src/job_specs.h"

#include <zonda/detail/name.h>
#include <zonda/error.h>

#include "proto/digest.h"

namespace zonda {
namespace {

std::uint64_t count_of(std::chrono::milliseconds duration) {
  return static_cast<std::uint64_t>(duration.count());
}

JobSpec job_spec_of(const CallOptions& options) {
  JobSpec spec;
  spec.queue = options.queue;
  spec.priority = options.priority;
  spec.retries = static_cast<std::uint32_t>(options.retries);
  spec.timeout_ms = count_of(options.timeout);
  spec.deadline_ms = count_of(options.deadline);
  spec.delay_ms = count_of(options.delay);
  spec.resources = options.resources;
  spec.labels = options.labels;
  spec.detached = options.detached;
  return spec;
}

// The setters of a call know what is allowed.
CallOptions checked(const MapOptions& options) {
  CallOptions call;
  if (!options.queue.empty()) detail::set_queue(call, options.queue);
  call.priority = options.priority;
  detail::set_retries(call, options.retries);
  if (options.timeout.count() != 0) detail::set_timeout(call, options.timeout);
  if (options.deadline.count() != 0) detail::set_deadline(call, options.deadline);
  if (options.delay.count() != 0) detail::set_delay(call, options.delay);
  for (const auto& [name, amount] : options.resources) detail::set_resource(call, name, amount);
  for (const auto& [name, value] : options.labels) detail::set_label(call, name, value);
  call.detached = options.detached;
  return call;
}

}  // namespace

JobSpec job_spec_of(const detail::CallParts& call) {
  JobSpec spec = job_spec_of(call.options);
  spec.function = call.function;
  spec.signature = call.signature;
  spec.key = call.options.key;
  if (!spec.key.empty()) spec.key_digest = digest(call.arguments);
  return spec;
}

JobSpec job_spec_of(std::string_view function, const std::string& signature, const MapOptions& options) {
  if (!options.name.empty() && !detail::is_name(options.name))
    throw Error("the name of a map is not a name ([A-Za-z0-9._-]{1,128})");
  JobSpec spec = job_spec_of(checked(options));
  spec.function = function;
  spec.signature = signature;
  spec.name = options.name;
  spec.fails_max = options.fails_max;
  return spec;
}

}  // namespace zonda
