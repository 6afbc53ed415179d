// What a simulated task does, written in its arguments; and what its result says of its run.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "worker/executor/executor.h"

namespace zonda::sim {

enum class Nature : std::uint8_t { Value, FailAlways, FailFirst, CrashFirst, Endless, KillsWorker };

struct TaskPlan {
  Nature nature = Nature::Value;
  std::uint32_t us = 1;      // how long it runs
  std::uint64_t secret = 0;  // comes back in the result

  std::string encode() const {
    std::string bytes(13, '\0');
    bytes[0] = static_cast<char>(nature);
    std::memcpy(bytes.data() + 1, &us, 4);
    std::memcpy(bytes.data() + 5, &secret, 8);
    return bytes;
  }
  static TaskPlan decode(std::string_view bytes) {
    TaskPlan plan;
    plan.nature = static_cast<Nature>(bytes[0]);
    std::memcpy(&plan.us, bytes.data() + 1, 4);
    std::memcpy(&plan.secret, bytes.data() + 5, 8);
    return plan;
  }
};

// The result of a task that ends with a value: its secret and the token under which it ran.
struct TaskEcho {
  std::uint64_t secret = 0;
  Token token;

  std::string encode() const {
    std::string bytes(24, '\0');
    std::memcpy(bytes.data(), &secret, 8);
    std::memcpy(bytes.data() + 8, &token.epoch, 8);
    std::memcpy(bytes.data() + 16, &token.lease, 8);
    return bytes;
  }
  static TaskEcho decode(std::string_view bytes) {
    TaskEcho echo;
    if (bytes.size() == 24) {
      std::memcpy(&echo.secret, bytes.data(), 8);
      std::memcpy(&echo.token.epoch, bytes.data() + 8, 8);
      std::memcpy(&echo.token.lease, bytes.data() + 16, 8);
    }
    return echo;
  }
};

}  // namespace zonda::sim
