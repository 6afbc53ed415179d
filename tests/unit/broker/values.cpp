#include "tests/unit/broker/broker_fixture.h"

namespace zonda {

Values::Values(std::uint64_t count, const std::string& value) {
  const auto length = static_cast<std::uint32_t>(value.size());
  for (; count > 0; --count) {
    lengths.append(reinterpret_cast<const char*>(&length), 4);
    payloads += value;
  }
}

JobSpec job_of(const std::string& function) {
  JobSpec spec;
  spec.function = function;
  spec.signature = "()";
  return spec;
}

}  // namespace zonda
