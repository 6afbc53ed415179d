// Plain TCP connections, to say things no libzmq would say.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace zonda {

inline sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

class RawTcp {
 public:
  struct Accepted {
    int descriptor;
  };
  explicit RawTcp(Accepted accepted) : descriptor_(accepted.descriptor) {}
  explicit RawTcp(std::uint16_t port) : descriptor_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const sockaddr_in address = loopback(port);
    if (connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      close(descriptor_);
      throw std::runtime_error("connect");
    }
  }
  RawTcp(RawTcp&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  ~RawTcp() {
    if (descriptor_ >= 0) close(descriptor_);
  }

  // As much as the other end takes; it may hang up at any time.
  void say(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t said = send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (said <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(said));
    }
  }

  // What comes next, or nothing: the other end hung up.
  std::string hear() const {
    std::array<char, 1024> bytes{};
    const ssize_t heard = recv(descriptor_, bytes.data(), bytes.size(), 0);
    return {bytes.data(), heard < 0 ? 0 : static_cast<std::size_t>(heard)};
  }

  // A well-formed ZMTP 3.0 greeting.
  static std::string greeting(const std::string& mechanism = "NULL") {
    std::string bytes("\xff\0\0\0\0\0\0\0\1\x7f\3\0", 12);
    bytes += mechanism;
    bytes.resize(64, '\0');
    return bytes;
  }

 private:
  int descriptor_;
};

// On a port of the kernel's choice.
class RawListener {
 public:
  RawListener() : descriptor_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    auto* where = reinterpret_cast<sockaddr*>(&address);
    const bool listens = bind(descriptor_, where, size) == 0 && listen(descriptor_, 16) == 0 &&
                         getsockname(descriptor_, where, &size) == 0;
    if (!listens) {
      close(descriptor_);
      throw std::runtime_error("listen");
    }
    port_ = ntohs(address.sin_port);
  }
  ~RawListener() { close(descriptor_); }
  RawListener(const RawListener&) = delete;
  RawListener& operator=(const RawListener&) = delete;

  std::uint16_t port() const { return port_; }
  // Nobody: stop() was called.
  std::optional<RawTcp> accept() const {
    const int accepted = ::accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC);
    if (accepted < 0) return std::nullopt;
    return RawTcp(RawTcp::Accepted{accepted});
  }
  void stop() const { shutdown(descriptor_, SHUT_RDWR); }

 private:
  int descriptor_;
  std::uint16_t port_ = 0;
};

}  // namespace zonda
