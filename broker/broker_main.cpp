#include "broker/broker_main.h"

#include <spdlog/spdlog.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <future>
#include <optional>
#include <random>
#include <stdexcept>

#include "broker/broker_loop.h"
#include "broker/doorman.h"
#include "broker/http/http_server.h"
#include "broker/keyring.h"
#include "broker/self_test.h"
#include "broker/store/memory_store.h"
#include "broker/store/sqlite_store.h"
#include "proto/wire/address.h"
#include "proto/wire/cookie.h"
#include "proto/wire/daemon_log.h"
#include "proto/wire/descriptor_limit.h"
#include "proto/wire/service_manager.h"
#include "proto/wire/signals.h"
#include "proto/wire/zmq_broker_wire.h"
#include "proto/wire/zmq_context.h"

namespace zonda {
namespace {

constexpr std::chrono::seconds kStoreReadPatience{30};  // of a service manager: each time it is asked for

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
    if (!settings.insecure && settings.keys.empty() && !address.is_loopback())
      throw std::runtime_error("refused to listen on " + address.text() +
                               " without keys: others could run anything here ('zonda keys init' makes some; "
                               "--insecure if you mean it)");
  }
  return addresses;
}

// A memory of its own: no token of an earlier broker can match.
BrokerConfig config_of(const BrokerSettings& settings, const std::vector<BaseAddress>& addresses) {
  std::mt19937_64 random = seeded();
  BrokerConfig config;
  for (auto& byte : config.store.bytes) byte = static_cast<std::uint8_t>(random());
  config.epoch = (random() >> 33) + 1;
  config.seed = random();
  config.memory_limit = settings.memory_limit > 0 ? settings.memory_limit : half_of_memory();
  config.overhead_limit = config.memory_limit / 2;
  const bool asks_for_cookie = settings.keys.empty() && !settings.insecure;
  for (const BaseAddress& address : addresses) {
    if (address.transport == BaseAddress::Transport::Tcp && asks_for_cookie) config.cookie = user_cookie();
  }
  return config;
}

// Says each minute that the door is open.
class OpenDoor {
 public:
  explicit OpenDoor(bool is_open) : is_open_(is_open) {}
  void look() {
    const auto now = std::chrono::steady_clock::now();
    if (!is_open_ || now < next_) return;
    next_ = now + std::chrono::minutes(1);
    spdlog::warn("insecure whoever reaches these ports can run anything here");
  }

 private:
  bool is_open_;
  std::chrono::steady_clock::time_point next_{};
};

bool is_open(const BrokerSettings& settings, const std::vector<BaseAddress>& addresses) {
  return settings.keys.empty() && !std::all_of(addresses.begin(), addresses.end(),
                                               [](const BaseAddress& each) { return each.is_loopback(); });
}

// What somebody should look at is told to those, too, who asked for warnings only.
spdlog::level::level_enum level_of(const std::string& event) {
  constexpr const char* kWarnings[] = {
      "worker-lost", "quarantined", "job-held",        "disk-nearly-full",  "backup-failed",
      "key-refused", "key-ignored", "keys-unreadable", "enrolment-refused", "enrolment-failed"};
  const bool warns = std::any_of(std::begin(kWarnings), std::end(kWarnings),
                                 [&](const char* beginning) { return event.starts_with(beginning); });
  return warns ? spdlog::level::warn : spdlog::level::info;
}

// A port that was asked for must be had; the usual one may be somebody else's.
std::unique_ptr<HttpServer> listen_for_http(const BrokerSettings& settings,
                                            const std::vector<BaseAddress>& addresses, const Board& board) {
  const auto first = std::find_if(addresses.begin(), addresses.end(), [](const BaseAddress& each) {
    return each.transport == BaseAddress::Transport::Tcp;
  });
  const bool is_usual = settings.http.empty();
  if (settings.http == "off" || (is_usual && first == addresses.end())) return nullptr;
  const HttpAddress address =
      is_usual ? HttpAddress{"127.0.0.1", first->http_port()} : parse_http_address(settings.http);
  try {
    auto server = std::make_unique<HttpServer>(address, Pages(board, ZONDA_VERSION, settings.http_names));
    if (!server->is_loopback())
      spdlog::warn("http-open whoever reaches http://{} can read how this broker is doing",
                   server->address());
    return server;
  } catch (const std::runtime_error& error) {
    if (!is_usual) throw;
    spdlog::warn("no-http {}; --http ADDR names another port", error.what());
    return nullptr;
  }
}

// A broker and its memory, as they begin.
struct Beginning {
  std::unique_ptr<Store> store;
  std::unique_ptr<BrokerCore> core;
  Effects effects;
};

Beginning begin_in_memory(const BrokerConfig& config) {
  return {std::make_unique<MemoryStore>(), std::make_unique<BrokerCore>(config), {}};
}

Beginning begin_on_disk(const BrokerSettings& settings, BrokerConfig config, DataDirectory directory) {
  const bool batch = settings.durability == "batch";
  auto store = SqliteStore::open(std::move(directory), {batch ? Durability::Batch : Durability::Fsync});
  config.store = store->id();
  config.epoch = store->epoch();
  config.durability = settings.durability;
  Beginning beginning{nullptr, std::make_unique<BrokerCore>(config), {}};
  const Now now{std::chrono::steady_clock::now(), std::chrono::system_clock::now()};
  store->replay(config.memory_limit / 2, [&](Record& record) { beginning.core->restore(record, now); });
  beginning.core->restored(now, std::chrono::ceil<std::chrono::milliseconds>(store->downtime()),
                           beginning.effects);
  beginning.store = std::move(store);
  return beginning;
}

// Reading a large store takes a while; who asks meanwhile is told so.
Beginning begin(const BrokerSettings& settings, const BrokerConfig& config, BrokerWire& wire,
                std::optional<DataDirectory> directory, Signals& signals, ServiceManager& service) {
  if (!directory) return begin_in_memory(config);
  if (directory->created()) spdlog::info("store-created directory={}", settings.data);
  std::future<Beginning> reading =
      std::async(std::launch::async, begin_on_disk, std::cref(settings), config, std::move(*directory));
  Doorman doorman(wire);
  const auto ask_for_time = [&service] {
    service.still_starting("reads its store", kStoreReadPatience);
    return std::chrono::steady_clock::now() + kStoreReadPatience / 3;
  };
  auto next = ask_for_time();
  while (reading.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
    doorman.turn(std::chrono::milliseconds(10));
    if (std::chrono::steady_clock::now() >= next) next = ask_for_time();
    if (signals.take() != 0) std::_Exit(0);  // nothing was changed but the epoch, which is on disk
  }
  return reading.get();
}

std::optional<DataDirectory> directory_of(const BrokerSettings& settings) {
  if (settings.data.empty()) return std::nullopt;
  return DataDirectory::open(settings.data, settings.init);
}

void serve(const BrokerSettings& settings, Signals& signals, ServiceManager& service) {
  std::optional<DataDirectory> directory = directory_of(settings);
  raise_descriptor_limit();
  BrokerWireOptions options;
  options.addresses = addresses_of(settings);
  options.wake_ups = {signals.fd()};
  const bool asks_for_keys = !settings.keys.empty();
  ZmqContext context(asks_for_keys ? 2 : 1);
  std::optional<Keyring> keyring;
  if (asks_for_keys) {
    keyring.emplace(context, KeyDirectory(settings.keys));
    options.keys = keyring->broker_key();
  }
  ZmqBrokerWire wire(context, options);
  if (keyring)
    require_closed_door(context, wire.front_endpoint(),
                        {keyring->stranger(), keyring->broker_key().public_key});
  Board board;
  const std::unique_ptr<HttpServer> http = listen_for_http(settings, wire.addresses(), board);
  const BrokerConfig config = config_of(settings, wire.addresses());
  Beginning beginning = begin(settings, config, wire, std::move(directory), signals, service);
  BrokerCore& core = *beginning.core;
  Store& store = *beginning.store;
  if (store.event_fd() >= 0) wire.add_wake_up(store.event_fd());
  if (keyring) wire.add_wake_up(keyring->event_fd());
  BrokerLoop loop(
      core, wire, store, [](const std::string& event) { spdlog::log(level_of(event), event); },
      keyring ? &*keyring : nullptr, http ? &board : nullptr);
  std::string listening;
  for (const BaseAddress& address : wire.addresses())
    listening += (listening.empty() ? "" : ",") + address.text();
  loop.begin(beginning.effects);
  const std::string durability = core.config().durability;
  spdlog::info("broker-ready address={} durability={} epoch={} pid={}{}", listening, durability,
               core.config().epoch, getpid(), http ? " http=http://" + http->address() : "");
  if (durability == "batch")
    spdlog::warn("durability=batch: a power failure loses what was accepted in the last 50 ms");
  if (settings.on_ready) settings.on_ready(listening);
  OpenDoor door(is_open(settings, wire.addresses()));
  service.ready("listens on " + listening);
  for (; signals.take() == 0 && !core.stop_asked(); loop.turn(service.due())) {
    door.look();
    service.alive(std::chrono::steady_clock::now());
  }
  service.stopping();
  loop.stop();
  const BrokerCounters& counters = core.counters();
  spdlog::info("broker-stopped done={} failed={}", counters.tasks_done, counters.tasks_failed);
}

}  // namespace

int run_broker(const BrokerSettings& settings) {
  begin_daemon_log("broker", settings.quiet);
  Signals signals;
  ServiceManager service;
  serve(settings, signals, service);
  return 0;
}

}  // namespace zonda
