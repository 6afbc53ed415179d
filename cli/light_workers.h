// Many workers in one process, for measurements of brokers: each has a session and connections of its own, as
// any worker has, but no executor. They serve the functions of bench_functions.h that give back what they
// get.
#pragma once

#include <cstdint>
#include <string>

namespace zonda::cli {

// Runs them until a signal comes. Throws std::runtime_error if there is no room for so many.
void run_light_workers(const std::string& broker, std::uint64_t count);

}  // namespace zonda::cli
