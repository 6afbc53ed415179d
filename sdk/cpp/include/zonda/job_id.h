// The name of a job: 128 bits, made by the client before anything is sent, and ordered by time of creation
// (48 bits of milliseconds since the Unix epoch, then random bits; the layout of a UUID version 7, RFC 9562).
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace zonda {

struct JobId {
  std::array<std::uint8_t, 16> bytes{};

  friend auto operator<=>(const JobId&, const JobId&) = default;
  bool operator!() const { return *this == JobId{}; }
};

// One task: a job and an index in it.
struct TaskId {
  JobId job;
  std::uint64_t index = 0;

  friend auto operator<=>(const TaskId&, const TaskId&) = default;
};

// Names one hand-out of a task; grows with every hand-out, so outside systems can refuse an older one.
struct Token {
  std::uint64_t epoch = 0;  // incarnation of the broker
  std::uint64_t lease = 0;  // number of the hand-out in it

  friend auto operator<=>(const Token&, const Token&) = default;
};

// 26 characters of lower-case Crockford base 32; sorts like the id itself.
std::string to_string(const JobId& id);
std::string to_string(const TaskId& id);  // "JOB/INDEX"

// The reverse; empty if the text is not exactly what to_string makes.
std::optional<JobId> parse_job_id(std::string_view text);

}  // namespace zonda

template <>
struct std::hash<zonda::JobId> {
  std::size_t operator()(const zonda::JobId& id) const noexcept {
    std::uint64_t low = 0;
    std::memcpy(&low, id.bytes.data() + 8, sizeof low);  // the random half
    return static_cast<std::size_t>(low);
  }
};
