#include "worker/worker_hello.h"

#include <unistd.h>

#include <algorithm>
#include <string>
#include <thread>

#include "proto/host_name.h"
#include "proto/wire/cookie.h"

namespace zonda {

std::uint32_t slots_of(const WorkerSettings& settings) {
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  return settings.slots > 0 ? static_cast<std::uint32_t>(settings.slots) : cores;
}

Hello hello_of(const WorkerSettings& settings, const Handlers& handlers, const BaseAddress& broker,
               std::mt19937_64& random) {
  Hello hello;
  hello.role = Role::Worker;
  hello.sdk = "zonda-cpp/" ZONDA_VERSION;
  for (auto& byte : hello.peer.bytes) byte = static_cast<std::uint8_t>(random());
  hello.incarnation = random();
  hello.host = host_name();
  hello.pid = static_cast<std::uint32_t>(getpid());
  hello.name = settings.name.empty() ? hello.host + "-" + std::to_string(hello.pid) : settings.name;
  const bool is_here = broker.transport == BaseAddress::Transport::Ipc || broker.is_loopback();
  if (is_here && settings.keys.empty() && settings.join.empty()) hello.cookie = user_cookie();
  hello.slots = slots_of(settings);
  hello.queues = settings.queues;
  hello.resources = settings.resources;
  hello.labels = settings.labels;
  for (const detail::Handler& handler : handlers.all())
    hello.functions.push_back({handler.name, handler.signature});
  return hello;
}

}  // namespace zonda
