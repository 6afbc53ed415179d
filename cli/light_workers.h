// Many workers in one process, for measurements of brokers: each has a session and connections of its own, as
// any worker has, but no executor. They serve the functions of bench_functions.h that give back what they
// get.
#pragma once

#include <cstdint>
#include <string>

namespace zonda::cli {

// Runs them until a signal comes, all with one key if `keys` names one. Throws std::runtime_error if there is
// no room for so many, or no such key.
void run_light_workers(const std::string& broker, const std::string& keys, std::uint64_t count);

}  // namespace zonda::cli
