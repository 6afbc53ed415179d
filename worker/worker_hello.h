// What a worker says of itself when it comes to a broker.
#pragma once

#include <cstdint>
#include <random>
#include <string>

#include "proto/messages.h"
#include "proto/wire/address.h"
#include "worker/worker_main.h"

namespace zonda {

std::uint32_t slots_of(const WorkerSettings& settings);
Hello hello_of(const WorkerSettings& settings, const Handlers& handlers, const BaseAddress& broker,
               std::mt19937_64& random);

}  // namespace zonda
