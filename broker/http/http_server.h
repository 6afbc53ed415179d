// The HTTP port: a thread of its own that answers from what the broker has put up. It never waits for the
// broker, and the broker never for it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "broker/http/pages.h"

namespace zonda {

struct HttpAddress {
  std::string host = "127.0.0.1";  // an address, not a name
  std::uint16_t port = 0;          // 0: chosen
};

// "127.0.0.1:5580", "[::1]:5580". Throws std::invalid_argument.
HttpAddress parse_http_address(const std::string& text);

class HttpServer {
 public:
  // Listens from now on. Throws std::runtime_error if the port cannot be had.
  HttpServer(const HttpAddress& address, Pages pages);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;

  std::string address() const;  // where it listens: "127.0.0.1:5580"
  bool is_loopback() const;

 private:
  class Listener;
  std::unique_ptr<Listener> listener_;
};

}  // namespace zonda
