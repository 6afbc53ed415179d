// Where a broker listens: one base address, from which the addresses of its ports follow by convention.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proto/wire/wire.h"

namespace zonda {

inline constexpr std::uint16_t kDefaultPort = 5570;
inline constexpr std::uint16_t kBasePortMax = 65525;  // the last port derived from it, http, is ten above

// Above this a reconnecting libzmq can be given the port it connects to as its own and so connect to itself.
inline constexpr std::uint16_t kBindPortMax = 32767;

struct BaseAddress {
  enum class Transport : std::uint8_t { Tcp, Ipc };

  Transport transport = Transport::Tcp;
  std::string host;        // tcp: a name, an IPv4 or IPv6 address without brackets, or * (any)
  std::uint16_t port = 0;  // tcp: of the front; 0 asks the binder to choose
  std::string directory;   // ipc: absolute, holds one socket per port

  std::string endpoint(Port which) const;  // as libzmq takes it
  std::string text() const;                // parses back to the same address
  std::uint16_t http_port() const { return static_cast<std::uint16_t>(port + 10); }
  bool is_wildcard() const;
  // True if only this machine can reach it. A host name other than localhost is not trusted to be local.
  bool is_loopback() const;

  friend bool operator==(const BaseAddress&, const BaseAddress&) = default;
};

// All of these throw std::invalid_argument with a text made for the user.
BaseAddress parse_address(std::string_view text);                 // tcp://host[:port] or ipc:///dir
std::vector<BaseAddress> parse_addresses(std::string_view list);  // separated by commas, at least one
void require_bindable(const BaseAddress& address);
void require_connectable(const BaseAddress& address);

}  // namespace zonda
