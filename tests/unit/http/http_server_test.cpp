// The real server, asked over a real socket.
#include "broker/http/http_server.h"

#include <boost/asio.hpp>
#include <catch2/catch.hpp>

using namespace zonda;
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

struct ServerFixture {
  Board board;
  HttpServer server{{"127.0.0.1", 0}, Pages(board, "1", {})};
  asio::io_context context;

  ServerFixture() { board.put_up({}); }

  tcp::socket connected() {
    tcp::socket socket(context);
    socket.connect({asio::ip::make_address("127.0.0.1"), parse_http_address(server.address()).port});
    return socket;
  }
  // What comes until the server closes.
  static std::string rest(tcp::socket& socket) {
    std::string said;
    boost::system::error_code end;
    asio::read(socket, asio::dynamic_buffer(said), end);
    return said;
  }
  std::string said_to(const std::string& request) {
    tcp::socket socket = connected();
    boost::system::error_code closed;  // it need not wait for all of what it does not want
    asio::write(socket, asio::buffer(request), closed);
    return rest(socket);
  }
};

const std::string kClosing = " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

}  // namespace

TEST_CASE_METHOD(ServerFixture, "it answers over HTTP, and says what it is") {
  const std::string said = said_to("GET /healthz" + kClosing);
  CHECK_THAT(said, Catch::StartsWith("HTTP/1.1 200 OK\r\n"));
  CHECK_THAT(said, Catch::Contains("Content-Type: text/plain; charset=utf-8\r\n"));
  CHECK_THAT(said, Catch::EndsWith("\r\n\r\nok\n"));
}

TEST_CASE_METHOD(ServerFixture, "a connection is kept for the next request") {
  tcp::socket socket = connected();
  asio::write(socket, asio::buffer("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /readyz" + kClosing));
  const std::string said = rest(socket);
  CHECK(said.find("HTTP/1.1 200") != said.rfind("HTTP/1.1 200"));
}

TEST_CASE_METHOD(ServerFixture, "HEAD has the length and no body") {
  const std::string said = said_to("HEAD /healthz" + kClosing);
  CHECK_THAT(said, Catch::Contains("Content-Length: 3\r\n"));
  CHECK_THAT(said, Catch::EndsWith("\r\n\r\n"));
}

TEST_CASE_METHOD(ServerFixture, "a body is not read: the connection ends with the refusal") {
  const std::string said =
      said_to("POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello");
  CHECK_THAT(said, Catch::StartsWith("HTTP/1.1 405 "));
  CHECK_THAT(said, Catch::Contains("Allow: GET, HEAD\r\n"));
}

TEST_CASE_METHOD(ServerFixture, "what is no HTTP ends without an answer, and others are served") {
  CHECK(said_to("\x01\x02nonsense\r\n\r\n").empty());
  CHECK(said_to("GET / HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n").empty());
  CHECK_THAT(said_to("GET /healthz" + kClosing), Catch::StartsWith("HTTP/1.1 200"));
}

TEST_CASE_METHOD(ServerFixture, "connections are bounded: who was silent for longest makes room") {
  std::vector<tcp::socket> idle;
  for (int count = 0; count < 300; ++count) idle.push_back(connected());
  CHECK_THAT(said_to("GET /healthz" + kClosing), Catch::StartsWith("HTTP/1.1 200"));
  CHECK(rest(idle.front()).empty());  // it was closed
  asio::write(idle.back(), asio::buffer("GET /healthz" + kClosing));
  CHECK_THAT(rest(idle.back()), Catch::StartsWith("HTTP/1.1 200"));
}

TEST_CASE_METHOD(ServerFixture, "a port that somebody has is told") {
  const HttpAddress taken = parse_http_address(server.address());
  CHECK_THROWS_WITH(HttpServer(taken, Pages(board, "1", {})), Catch::Contains("in use"));
}

TEST_CASE("addresses for HTTP") {
  CHECK(parse_http_address("127.0.0.1:5580").port == 5580);
  CHECK(parse_http_address("[::1]:80").host == "::1");
  CHECK(parse_http_address("*:80").host == "0.0.0.0");
  for (const char* text :
       {"", "5580", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:70000", "nowhere:80"})
    CHECK_THROWS_AS(parse_http_address(text), std::invalid_argument);
}
