#include "proto/wire/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace zonda {
namespace {

constexpr std::string_view kTcp = "tcp://";
constexpr std::string_view kIpc = "ipc://";
constexpr std::string_view kLongestSocketName = "/front";

[[noreturn]] void refuse(std::string_view address, const std::string& why) {
  throw std::invalid_argument("address \"" + std::string(address) + "\": " + why);
}

bool is_ipv6(const std::string& host) {
  in6_addr parsed{};
  return inet_pton(AF_INET6, host.c_str(), &parsed) == 1;
}

bool is_ipv4(const std::string& host) {
  in_addr parsed{};
  return inet_pton(AF_INET, host.c_str(), &parsed) == 1;
}

bool only(std::string_view text, std::string_view allowed) {
  return text.find_first_not_of(allowed) == std::string_view::npos;
}

void check_host(const std::string& host, std::string_view whole) {
  constexpr std::string_view digits = "0123456789.";
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
  if (host.empty()) refuse(whole, "the host is missing");
  if (host == "*") return;
  if (host.find(':') != std::string::npos)
    refuse(whole, "write an IPv6 address in brackets, as in tcp://[::1]:5570");
  if (only(host, digits) && !is_ipv4(host)) refuse(whole, "\"" + host + "\" is not an IPv4 address");
  if (!only(host, letters)) refuse(whole, "\"" + host + "\" is not a host name");
}

std::uint16_t parse_port(std::string_view text, std::string_view whole) {
  if (text.empty()) refuse(whole, "the port is missing after the colon");
  std::uint32_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool numeric = only(text, "0123456789");
  if (!numeric) refuse(whole, "\"" + std::string(text) + "\" is not a port number");
  if (error != std::errc{} || end != text.data() + text.size() || port > kBasePortMax) {
    refuse(whole, "port " + std::string(text) + " is not between 1 and " + std::to_string(kBasePortMax));
  }
  return static_cast<std::uint16_t>(port);
}

BaseAddress parse_bracketed(std::string_view rest, std::string_view whole) {
  const std::size_t close = rest.find(']');
  if (close == std::string_view::npos) refuse(whole, "the bracket is not closed");
  BaseAddress address;
  address.host = std::string(rest.substr(1, close - 1));
  if (!is_ipv6(address.host)) refuse(whole, "\"" + address.host + "\" is not an IPv6 address");
  const std::string_view port = rest.substr(close + 1);
  if (!port.empty() && port.front() != ':') refuse(whole, "only a colon and a port may follow the bracket");
  address.port = port.empty() ? kDefaultPort : parse_port(port.substr(1), whole);
  return address;
}

BaseAddress parse_tcp(std::string_view rest, std::string_view whole) {
  if (rest.starts_with('[')) return parse_bracketed(rest, whole);
  BaseAddress address;
  const std::size_t colon = rest.rfind(':');
  address.host = std::string(rest.substr(0, colon));
  check_host(address.host, whole);
  address.port = colon == std::string_view::npos ? kDefaultPort : parse_port(rest.substr(colon + 1), whole);
  return address;
}

BaseAddress parse_ipc(std::string_view rest, std::string_view whole) {
  if (!rest.starts_with('/')) refuse(whole, "the directory must be absolute, as in ipc:///run/zonda");
  while (rest.size() > 1 && rest.ends_with('/')) rest.remove_suffix(1);
  if (rest == "/") refuse(whole, "the directory is missing");
  if (rest.find('\0') != std::string_view::npos) refuse(whole, "the directory contains a zero byte");
  constexpr std::size_t limit = sizeof(sockaddr_un::sun_path) - 1 - kLongestSocketName.size();
  if (rest.size() > limit) {
    refuse(whole, "the directory's path has " + std::to_string(rest.size()) + " bytes, sockets allow " +
                      std::to_string(limit));
  }
  BaseAddress address;
  address.transport = BaseAddress::Transport::Ipc;
  address.directory = std::string(rest);
  return address;
}

std::string_view socket_name(Port which) {
  switch (which) {
    case Port::Front: return "/front";
    case Port::Back: return "/back";
    case Port::Sink: return "/sink";
  }
  throw std::logic_error("no such port");
}

std::string bracketed(const std::string& host) {
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

}  // namespace

std::string BaseAddress::endpoint(Port which) const {
  if (transport == Transport::Ipc) return std::string(kIpc) + directory + std::string(socket_name(which));
  const int offset = static_cast<int>(which) - static_cast<int>(Port::Front);
  return std::string(kTcp) + bracketed(host) + ":" + std::to_string(port + offset);
}

std::string BaseAddress::text() const {
  if (transport == Transport::Ipc) return std::string(kIpc) + directory;
  return std::string(kTcp) + bracketed(host) + ":" + std::to_string(port);
}

bool BaseAddress::is_wildcard() const {
  if (transport == Transport::Ipc) return false;
  in6_addr six{};
  if (inet_pton(AF_INET6, host.c_str(), &six) == 1) return IN6_IS_ADDR_UNSPECIFIED(&six) != 0;
  return host == "*" || host == "0.0.0.0";
}

bool BaseAddress::is_loopback() const {
  if (transport == Transport::Ipc || host == "localhost") return true;
  in6_addr six{};
  if (inet_pton(AF_INET6, host.c_str(), &six) == 1) {
    return IN6_IS_ADDR_LOOPBACK(&six) != 0 || (IN6_IS_ADDR_V4MAPPED(&six) != 0 && six.s6_addr[12] == 127);
  }
  return is_ipv4(host) && host.starts_with("127.");
}

BaseAddress parse_address(std::string_view text) {
  if (text.empty()) refuse(text, "it is empty");
  if (text.find_first_of(" \t\r\n") != std::string_view::npos) refuse(text, "it contains white space");
  if (text.starts_with(kTcp)) return parse_tcp(text.substr(kTcp.size()), text);
  if (text.starts_with(kIpc)) return parse_ipc(text.substr(kIpc.size()), text);
  refuse(text, "it must begin with tcp:// or ipc://");
}

std::vector<BaseAddress> parse_addresses(std::string_view list) {
  std::vector<BaseAddress> addresses;
  for (;;) {
    const std::size_t comma = list.find(',');
    addresses.push_back(parse_address(list.substr(0, comma)));
    if (comma == std::string_view::npos) return addresses;
    list.remove_prefix(comma + 1);
  }
}

void require_bindable(const BaseAddress& address) {
  if (address.transport == BaseAddress::Transport::Ipc || address.port == 0) return;
  constexpr int last = kBindPortMax - 2;  // back and sink come after the front
  if (address.port > last) {
    refuse(address.text(), "port " + std::to_string(address.port) + " cannot be bound, take one up to " +
                               std::to_string(last) +
                               " (higher ones are handed out to outgoing connections, and a peer that "
                               "reconnects could connect to itself)");
  }
}

void require_connectable(const BaseAddress& address) {
  if (address.transport == BaseAddress::Transport::Ipc) return;
  if (address.is_wildcard())
    refuse(address.text(), "one can listen there, but not connect to it; name a host");
  if (address.port == 0) refuse(address.text(), "port 0 is no port to connect to");
}

}  // namespace zonda
