#include "sdk/cpp/src/engine.h"

#include <zonda/detail/name.h>
#include <zonda/error.h>

#include <cstdlib>
#include <optional>
#include <stdexcept>

#include "proto/keys/key_file.h"

namespace zonda::detail {
namespace {

constexpr const char* kDefaultBroker = "tcp://127.0.0.1:5570";

BaseAddress address_of(const ClientOptions& options) {
  std::string text = options.broker;
  if (text.empty()) {
    const char* given = std::getenv("ZONDA_BROKER");
    text = given != nullptr && *given != '\0' ? given : kDefaultBroker;
  }
  try {
    const BaseAddress address = parse_addresses(text).front();
    require_connectable(address);
    return address;
  } catch (const std::invalid_argument& error) {
    throw Error(error.what());
  }
}

std::optional<CurveKeys> keys_of(const ClientOptions& options) {
  std::string path = options.keys;
  if (path.empty()) {
    const char* given = std::getenv("ZONDA_KEYS");
    path = given != nullptr ? given : "";
  }
  if (path.empty()) return std::nullopt;
  try {
    return read_peer_key(peer_key_path(path, {KeyRole::Client, KeyRole::Admin})).keys;
  } catch (const KeyFileError& error) {
    throw Error(error.what());
  }
}

}  // namespace

LoopOptions Engine::checked(const ClientOptions& options) {
  if (!options.name.empty() && !is_name(options.name))
    throw Error("the name of a client is not a name ([A-Za-z0-9._-]{1,128})");
  return {address_of(options), options.name, options.connect_timeout, keys_of(options)};
}

Engine::Engine(const ClientOptions& options)
    : callbacks_(std::make_shared<CallbackThread>(options.on_log)),
      intake_(std::make_shared<Intake>(callbacks_)),
      loop_(checked(options), intake_),
      thread_(start_quiet_thread([this] { loop_.run(); })) {}

Engine::~Engine() { shut_down(); }

void Engine::shut_down() {
  const std::lock_guard lock(mutex_);
  intake_->close();
  if (thread_.joinable()) thread_.join();
  callbacks_->stop();
}

}  // namespace zonda::detail
