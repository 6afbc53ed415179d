#include "proto/wire/zmq_listeners.h"

#include <array>
#include <cerrno>
#include <random>
#include <stdexcept>
#include <utility>

namespace zonda {
namespace {

constexpr int kTriesMax = 200;
constexpr int kChosenMin = 10000;

using Lanes = std::array<std::pair<Port, ZmqSocket*>, 3>;

// What failed and where; error 0 is success.
struct BindResult {
  int error = 0;
  Port port = Port::Front;
};

// All three or none.
BindResult bind_three(BaseAddress address, const Lanes& lanes) {
  if (address.host == "localhost") address.host = "127.0.0.1";  // libzmq resolves no names when it binds
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    const auto& [port, socket] = lanes[i];
    const int error = socket->bind(address.endpoint(port));
    if (error == 0) continue;
    while (i > 0) lanes[--i].second->unbind();
    return {error, port};
  }
  return {};
}

[[noreturn]] void fail(const BaseAddress& address, BindResult result) {
  const std::string endpoint = address.endpoint(result.port);
  const std::string port = endpoint.substr(endpoint.rfind(':') + 1);
  switch (result.error) {
    case EADDRINUSE: throw std::runtime_error("port " + port + " is in use (" + endpoint + ")");
    case EACCES: throw std::runtime_error("no permission to listen on " + endpoint);
    case EADDRNOTAVAIL:
    case ENODEV:
      throw std::runtime_error("cannot listen on " + endpoint +
                               ": give an IP address or an interface of this machine, or *");
    default: throw std::runtime_error("cannot listen on " + endpoint + ": " + zmq_strerror(result.error));
  }
}

// Random, so that brokers started together do not all try the same ones.
BaseAddress bind_chosen(BaseAddress address, const Lanes& lanes) {
  std::random_device random;
  std::uniform_int_distribution<int> pick(kChosenMin, kBindPortMax - 2);
  for (int tries = 0; tries < kTriesMax; ++tries) {
    address.port = static_cast<std::uint16_t>(pick(random));
    const BindResult result = bind_three(address, lanes);
    if (result.error == 0) return address;
    if (result.error != EADDRINUSE) fail(address, result);
  }
  throw std::runtime_error("found no three free ports in a row below " + std::to_string(kBindPortMax + 1));
}

}  // namespace

std::vector<BaseAddress> bind_all(const std::vector<BaseAddress>& wanted, BrokerSockets sockets) {
  const Lanes lanes{
      {{Port::Front, &sockets.front}, {Port::Back, &sockets.back}, {Port::Sink, &sockets.sink}}};
  std::vector<BaseAddress> bound;
  for (const BaseAddress& address : wanted) {
    require_bindable(address);
    if (address.transport == BaseAddress::Transport::Tcp && address.port == 0) {
      bound.push_back(bind_chosen(address, lanes));
      continue;
    }
    const BindResult result = bind_three(address, lanes);
    if (result.error != 0) fail(address, result);
    bound.push_back(address);
  }
  return bound;
}

}  // namespace zonda
