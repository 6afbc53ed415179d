// A plain TCP connection, to say things no libzmq would say.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace zonda {

class RawTcp {
 public:
  explicit RawTcp(std::uint16_t port) : descriptor_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      close(descriptor_);
      throw std::runtime_error("connect");
    }
  }
  ~RawTcp() { close(descriptor_); }
  RawTcp(const RawTcp&) = delete;
  RawTcp& operator=(const RawTcp&) = delete;

  // As much as the other end takes; it may hang up at any time.
  void say(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t said = send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (said <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(said));
    }
  }

  // A well-formed ZMTP 3.0 greeting with the NULL mechanism.
  static std::string greeting() {
    std::string bytes("\xff\0\0\0\0\0\0\0\1\x7f\3\0NULL", 16);
    bytes.resize(64, '\0');
    return bytes;
  }

 private:
  int descriptor_;
};

}  // namespace zonda
