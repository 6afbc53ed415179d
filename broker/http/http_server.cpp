#include "broker/http/http_server.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <chrono>
#include <list>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>

namespace zonda {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using Tcp = asio::ip::tcp;

constexpr std::chrono::seconds kPatience{10};  // for a request, and for the next on the same connection
constexpr std::uint32_t kHeaderBytesMax = 8 << 10;
constexpr std::size_t kConnectionsMax = 128;

std::string text_of(const Tcp::endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + address + "]" : address) + ":" + std::to_string(endpoint.port());
}

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

using Response = http::response<http::string_body>;

Response response_to(const http::request<http::empty_body>& request, const Pages& pages) {
  HttpAnswer answer =
      pages.answer({view(request.method_string()), view(request.target()), view(request[http::field::host])},
                   Board::Clock::now());
  Response response(http::int_to_status(answer.status), request.version());
  response.set(http::field::content_type, answer.type);
  response.set(http::field::cache_control, "no-store");
  response.set("X-Content-Type-Options", "nosniff");
  if (!answer.allow.empty()) response.set(http::field::allow, answer.allow);
  const bool has_body = request.has_content_length() || request.chunked();  // which nobody reads
  response.keep_alive(request.keep_alive() && !has_body);
  response.body() = std::move(answer.body);
  response.prepare_payload();
  return response;
}

class Session;
using Sessions = std::list<Session*>;  // those that were heard of the longest ago come first

// One connection: reads a request, answers, and reads the next.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Tcp::socket socket, const Pages& pages, Sessions& all)
      : stream_(std::move(socket)), pages_(pages), all_(all), place_(all.insert(all.end(), this)) {}
  ~Session() {
    if (place_ != all_.end()) all_.erase(place_);
  }
  Session(const Session&) = delete;

  // Another one gets its place.
  void close() {
    all_.erase(std::exchange(place_, all_.end()));
    error_code ignored;
    stream_.socket().close(ignored);
  }

  void read() {
    parser_.emplace();
    parser_->header_limit(kHeaderBytesMax);
    stream_.expires_after(kPatience);
    http::async_read_header(stream_, buffer_, *parser_,
                            [self = shared_from_this()](error_code error, std::size_t) {
                              if (!error) self->answer();
                            });
  }

 private:
  void answer() {
    if (place_ == all_.end()) return;
    all_.splice(all_.end(), all_, place_);
    response_ = response_to(parser_->get(), pages_);
    stream_.expires_after(kPatience);
    const auto written = [self = shared_from_this()](error_code error, std::size_t) {
      if (error) return;
      if (self->response_.keep_alive()) return self->read();
      error_code ignored;
      self->stream_.socket().shutdown(Tcp::socket::shutdown_send, ignored);
    };
    if (parser_->get().method() != http::verb::head) return http::async_write(stream_, response_, written);
    serializer_.emplace(response_);
    http::async_write_header(stream_, *serializer_, written);
  }

  beast::tcp_stream stream_;
  const Pages& pages_;
  Sessions& all_;
  Sessions::iterator place_;  // at the end: closed
  beast::flat_buffer buffer_{kHeaderBytesMax + 1024};
  std::optional<http::request_parser<http::empty_body>> parser_;
  Response response_;
  std::optional<http::response_serializer<http::string_body>> serializer_;
};

}  // namespace

class HttpServer::Listener {
 public:
  Listener(const Tcp::endpoint& endpoint, Pages pages) : pages_(std::move(pages)), acceptor_(context_) {
    acceptor_.open(endpoint.protocol());
    acceptor_.set_option(asio::socket_base::reuse_address(true));
    acceptor_.bind(endpoint);
    acceptor_.listen();
    endpoint_ = acceptor_.local_endpoint();
    accept();
    thread_ = std::thread([this] { run(); });
  }
  ~Listener() {
    context_.stop();
    thread_.join();
  }
  const Tcp::endpoint& endpoint() const { return endpoint_; }

 private:
  // A page that cannot be made costs its connection, and not the broker.
  void run() {
    for (bool is_over = false; !is_over;) {
      try {
        context_.run();
        is_over = true;
      } catch (const std::exception&) {
      }
    }
  }

  // Out of descriptors it goes on, and those who have waited too long make room.
  void accept() {
    acceptor_.async_accept([this](error_code error, Tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (!error) {
        accept();  // first: whatever becomes of this one, others are heard
        if (sessions_.size() >= kConnectionsMax) sessions_.front()->close();
        return std::make_shared<Session>(std::move(socket), pages_, sessions_)->read();
      }
      pause_.expires_after(std::chrono::milliseconds(100));
      pause_.async_wait([this](error_code) { accept(); });
    });
  }

  Pages pages_;
  Sessions sessions_;  // outlives them: the context holds them
  asio::io_context context_{1};
  Tcp::acceptor acceptor_;
  asio::steady_timer pause_{context_};
  Tcp::endpoint endpoint_;
  std::thread thread_;
};

HttpAddress parse_http_address(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  HttpAddress address;
  const std::string digits = colon == text.npos ? "" : text.substr(colon + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), address.port);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size())
    throw std::invalid_argument("'" + text + "' is not an address for HTTP: 127.0.0.1:5580 is one");
  address.host = text.substr(0, colon);
  if (address.host == "localhost") address.host = "127.0.0.1";
  if (address.host == "*") address.host = "0.0.0.0";
  if (address.host.starts_with('[') && address.host.ends_with(']'))
    address.host = address.host.substr(1, address.host.size() - 2);
  error_code no_address;
  asio::ip::make_address(address.host, no_address);
  if (no_address)
    throw std::invalid_argument("'" + address.host + "' is not an address that HTTP can listen on");
  return address;
}

HttpServer::HttpServer(const HttpAddress& address, Pages pages) try
    : listener_(std::make_unique<Listener>(Tcp::endpoint(asio::ip::make_address(address.host), address.port),
                                           std::move(pages))) {
} catch (const boost::system::system_error& error) {
  throw std::runtime_error("cannot listen on http://" + address.host + ":" + std::to_string(address.port) +
                           ": " + error.code().message());
}

HttpServer::~HttpServer() = default;

std::string HttpServer::address() const { return text_of(listener_->endpoint()); }

bool HttpServer::is_loopback() const { return listener_->endpoint().address().is_loopback(); }

}  // namespace zonda
