#include "broker/broker_main.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <random>
#include <stdexcept>

#include "broker/broker_loop.h"
#include "broker/store/memory_store.h"
#include "proto/wire/address.h"
#include "proto/wire/cookie.h"
#include "proto/wire/descriptor_limit.h"
#include "proto/wire/signals.h"
#include "proto/wire/zmq_broker_wire.h"
#include "proto/wire/zmq_context.h"

namespace zonda {
namespace {

std::mt19937_64 seeded() {
  std::random_device device;
  std::seed_seq seed{device(), device(), device(), device()};
  return std::mt19937_64(seed);
}

std::uint64_t half_of_memory() {
  struct sysinfo info {};
  sysinfo(&info);
  return std::max<std::uint64_t>(256 << 20, std::uint64_t{info.totalram} * info.mem_unit / 2);
}

std::vector<BaseAddress> addresses_of(const BrokerSettings& settings) {
  std::vector<BaseAddress> addresses = parse_addresses(settings.bind);
  for (const BaseAddress& address : addresses) {
    require_bindable(address);
    if (!settings.insecure && !address.is_loopback())
      throw std::runtime_error("refused to listen on " + address.text() +
                               " without keys: others could run anything here (--insecure if you mean it)");
  }
  return addresses;
}

BrokerConfig config_of(const BrokerSettings& settings, const std::vector<BaseAddress>& addresses) {
  std::mt19937_64 random = seeded();
  BrokerConfig config;
  for (auto& byte : config.store.bytes) byte = static_cast<std::uint8_t>(random());
  config.epoch = (random() >> 33) + 1;  // a memory of its own: no token of an earlier broker can match
  config.seed = random();
  config.memory_limit = settings.memory_limit > 0 ? settings.memory_limit : half_of_memory();
  for (const BaseAddress& address : addresses) {
    if (address.transport == BaseAddress::Transport::Tcp && !settings.insecure) config.cookie = user_cookie();
  }
  return config;
}

void serve(const BrokerSettings& settings, Signals& signals) {
  if (!settings.data.empty())
    throw std::runtime_error("this version keeps jobs in memory only; start it with --memory");
  raise_descriptor_limit();
  ZmqContext context;
  BrokerWireOptions options;
  options.addresses = addresses_of(settings);
  options.wake_ups = {signals.fd()};
  ZmqBrokerWire wire(context, options);
  const BrokerConfig config = config_of(settings, wire.addresses());
  BrokerCore core(config);
  MemoryStore store;
  BrokerLoop loop(core, wire, store, [](const std::string& event) { spdlog::info(event); });
  std::string listening;
  for (const BaseAddress& address : wire.addresses())
    listening += (listening.empty() ? "" : ",") + address.text();
  spdlog::info("broker-ready address={} durability={} pid={}", listening, config.durability, getpid());
  if (settings.on_ready) settings.on_ready(listening);
  while (signals.take() == 0 && !core.stop_asked()) loop.turn();
  const BrokerCounters& counters = core.counters();
  spdlog::info("broker-stopped done={} failed={}", counters.tasks_done, counters.tasks_failed);
}

}  // namespace

int run_broker(const BrokerSettings& settings) {
  spdlog::set_default_logger(spdlog::stderr_color_mt("broker"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e %^%l%$ %v");
  if (settings.quiet) spdlog::set_level(spdlog::level::warn);
  Signals signals;
  serve(settings, signals);
  return 0;
}

}  // namespace zonda
