// What Zonda relies on in libzmq and what it avoids, shown on the installed library itself. If one of these
// fails after an upgrade, the rule that rests on it may be reconsidered.
#include <catch2/catch.hpp>
#include <cerrno>
#include <filesystem>
#include <string>

#include "tests/unit/wire/wire_fixture.h"

using namespace zonda;
using namespace std::chrono_literals;

namespace {

struct Facts {
  zmq::socket_t socket(zmq::socket_type type) {
    zmq::socket_t made(context, type);
    made.set(zmq::sockopt::linger, 0);
    return made;
  }

  // Binds and returns the address.
  std::string bind(zmq::socket_t& to, const std::string& endpoint = "tcp://127.0.0.1:*") {
    to.bind(endpoint);
    return to.get(zmq::sockopt::last_endpoint);
  }

  std::string ipc(const char* name) const { return "ipc://" + dir.path() + "/" + name; }

  TempDir dir;
  zmq::context_t context;
};

int send_error(zmq::socket_t& socket, const std::string& frame, int flags = 0) {
  return zmq_send(socket.handle(), frame.data(), frame.size(), ZMQ_DONTWAIT | flags) < 0 ? zmq_errno() : 0;
}

bool ready(zmq::socket_t& socket, short events, std::chrono::milliseconds wait = 20s) {
  zmq::pollitem_t item{socket.handle(), 0, events, 0};
  return zmq::poll(&item, 1, wait) == 1;
}

// The parts of the next message.
std::vector<std::string> next(zmq::socket_t& socket) {
  std::vector<std::string> parts;
  if (!ready(socket, ZMQ_POLLIN)) return parts;
  zmq::message_t part;
  do {
    if (!socket.recv(part)) break;
    parts.push_back(part.to_string());
  } while (part.more());
  return parts;
}

}  // namespace

TEST_CASE("libzmq is recent enough, has CURVE and no draft interfaces") {
  const auto [major, minor, patch] = zmq::version();
  CHECK(ZMQ_MAKE_VERSION(major, minor, patch) >= ZMQ_MAKE_VERSION(4, 3, 4));
  CHECK(zmq_has("curve") == 1);
  CHECK(zmq_has("draft") == 0);
}

TEST_CASE("libzmq: a router drops silently unless it is mandatory") {
  Facts f;
  zmq::socket_t router = f.socket(zmq::socket_type::router);
  const std::string nobody("\0\1\2\3\4", 5);
  CHECK(send_error(router, nobody, ZMQ_SNDMORE) == 0);
  CHECK(send_error(router, "lost") == 0);
  router.set(zmq::sockopt::router_mandatory, 1);
  CHECK(send_error(router, nobody, ZMQ_SNDMORE) == EHOSTUNREACH);
}

TEST_CASE("libzmq: a router numbers its connections, five bytes beginning with zero") {
  Facts f;
  zmq::socket_t router = f.socket(zmq::socket_type::router);
  const std::string address = f.bind(router);
  std::vector<std::uint32_t> numbers;
  for (int i = 0; i < 3; ++i) {
    zmq::socket_t dealer = f.socket(zmq::socket_type::dealer);
    dealer.connect(address);
    dealer.send(zmq::str_buffer("x"));
    const std::vector<std::string> message = next(router);
    REQUIRE(message.size() == 2);
    REQUIRE(is_numbered(message[0]));
    numbers.push_back(connection_number(message[0]));
  }
  CHECK(numbers[1] == numbers[0] + 1);
  CHECK(numbers[2] == numbers[1] + 1);
}

TEST_CASE("libzmq: a full peer gives EAGAIN on a mandatory router, while POLLOUT says it can be written") {
  Facts f;
  zmq::socket_t router = f.socket(zmq::socket_type::router);
  router.set(zmq::sockopt::router_mandatory, 1);
  router.set(zmq::sockopt::sndhwm, 1);
  const std::string address = f.bind(router);
  zmq::socket_t full = f.socket(zmq::socket_type::dealer);
  full.set(zmq::sockopt::rcvhwm, 1);
  full.connect(address);
  full.send(zmq::str_buffer("full"));
  const std::string full_id = next(router).at(0);
  zmq::socket_t idle = f.socket(zmq::socket_type::dealer);
  idle.connect(address);
  idle.send(zmq::str_buffer("idle"));
  REQUIRE(next(router).size() == 2);

  int error = 0;
  for (int i = 0; i < 100'000 && error == 0; ++i) {
    error = send_error(router, full_id, ZMQ_SNDMORE);
    if (error == 0) CHECK(send_error(router, std::string(65536, 'x')) == 0);
  }
  CHECK(error == EAGAIN);
  CHECK(ready(router, ZMQ_POLLOUT, 0ms));
}

TEST_CASE("libzmq: high-water marks count messages, so one frame of any size passes") {
  Facts f;
  zmq::socket_t pull = f.socket(zmq::socket_type::pull);
  pull.set(zmq::sockopt::rcvhwm, 1);
  zmq::socket_t push = f.socket(zmq::socket_type::push);
  push.set(zmq::sockopt::sndhwm, 1);
  const std::string address = f.bind(pull);
  push.connect(address);
  const std::string big(16 << 20, 'x');
  REQUIRE(push.send(zmq::buffer(big), zmq::send_flags::none) == big.size());
  CHECK((next(pull) == std::vector<std::string>{big}));
}

TEST_CASE("libzmq: the bytes of a large frame stay in their place when it is moved, a small one's do not") {
  Facts f;
  zmq::socket_t pull = f.socket(zmq::socket_type::pull);
  zmq::socket_t push = f.socket(zmq::socket_type::push);
  push.connect(f.bind(pull));
  for (const std::size_t size : {std::size_t{8}, std::size_t{64 * 1024}, std::size_t{4 << 20}}) {
    push.send(zmq::message_t(std::string(size, 'x')), zmq::send_flags::none);
    zmq::message_t frame;
    REQUIRE(pull.recv(frame));
    const void* before = frame.data();
    zmq::message_t moved = std::move(frame);
    CHECK(moved.size() == size);
    CHECK((moved.data() == before) == (size > 64));
  }
}

TEST_CASE("libzmq: with IMMEDIATE nothing is queued for an absent peer, without it is") {
  Facts f;
  zmq::socket_t careful = f.socket(zmq::socket_type::dealer);
  careful.set(zmq::sockopt::immediate, 1);
  careful.connect(f.ipc("absent"));
  CHECK(send_error(careful, "x") == EAGAIN);
  CHECK_FALSE(ready(careful, ZMQ_POLLOUT, 0ms));
  zmq::socket_t hopeful = f.socket(zmq::socket_type::dealer);
  hopeful.connect(f.ipc("absent"));
  CHECK(send_error(hopeful, "x") == 0);
}

TEST_CASE(
    "libzmq: with IMMEDIATE and PROBE_ROUTER each reconnect is an empty message and nothing stale follows") {
  Facts f;
  zmq::socket_t dealer = f.socket(zmq::socket_type::dealer);
  dealer.set(zmq::sockopt::immediate, 1);
  dealer.set(zmq::sockopt::probe_router, 1);
  dealer.set(zmq::sockopt::reconnect_ivl, 20);
  dealer.connect(f.ipc("r"));
  for (int life = 0; life < 3; ++life) {
    IpcLock lock(f.dir.path());
    zmq::socket_t router = f.socket(zmq::socket_type::router);
    router.bind(f.ipc("r"));
    // The dealer's thread must enter libzmq for the new connection to be attached.
    REQUIRE(WireFixture::repeat_until([&] { return ready(router, ZMQ_POLLIN, 1ms); },
                                      [&] { ready(dealer, ZMQ_POLLIN, 1ms); }));
    const std::vector<std::string> probe = next(router);
    REQUIRE(probe.size() == 2);
    CHECK(probe[1].empty());
    router.close();
    REQUIRE(WireFixture::repeat_until([&] { return send_error(dealer, "stale") == EAGAIN; },
                                      [&] { ready(dealer, ZMQ_POLLIN, 1ms); }));
  }
}

TEST_CASE("libzmq: a router learns of a peer's end by sending, EHOSTUNREACH") {
  Facts f;
  zmq::socket_t router = f.socket(zmq::socket_type::router);
  router.set(zmq::sockopt::router_mandatory, 1);
  const std::string address = f.bind(router);
  std::string id;
  {
    zmq::socket_t dealer = f.socket(zmq::socket_type::dealer);
    dealer.connect(address);
    dealer.send(zmq::str_buffer("x"));
    id = next(router).at(0);
  }
  REQUIRE(WireFixture::repeat_until([&] { return send_error(router, id, ZMQ_SNDMORE) == EHOSTUNREACH; },
                                    [&] {
                                      CHECK(send_error(router, "into the void") ==
                                            0);  // the first part was taken: success is not delivery
                                      ready(router, ZMQ_POLLIN, 1ms);
                                    }));
}

TEST_CASE("libzmq: a second bind takes an ipc path from the first, and the file outlives both") {
  Facts f;
  zmq::socket_t first = f.socket(zmq::socket_type::pull);
  zmq::socket_t second = f.socket(zmq::socket_type::pull);
  first.bind(f.ipc("p"));
  CHECK_NOTHROW(second.bind(f.ipc("p")));
  zmq::socket_t push = f.socket(zmq::socket_type::push);
  push.connect(f.ipc("p"));
  push.send(zmq::str_buffer("for the first"));
  CHECK(next(second) == std::vector<std::string>{"for the first"});

  push.close();
  second.close();
  first.close();
  f.context.close();
  // So an ending broker cannot take its successor's path away.
  CHECK(std::filesystem::exists(f.dir.path() + "/p"));
}

TEST_CASE("libzmq: a second bind of a tcp port is an error") {
  Facts f;
  zmq::socket_t first = f.socket(zmq::socket_type::pull);
  const std::string address = f.bind(first);
  zmq::socket_t second = f.socket(zmq::socket_type::pull);
  CHECK(zmq_bind(second.handle(), address.c_str()) < 0);
  CHECK(zmq_errno() == EADDRINUSE);
}

TEST_CASE("libzmq: unbind ends every connection it accepted") {
  Facts f;
  zmq::socket_t router = f.socket(zmq::socket_type::router);
  router.set(zmq::sockopt::router_mandatory, 1);
  const std::string address = f.bind(router);
  zmq::socket_t dealer = f.socket(zmq::socket_type::dealer);
  dealer.connect(address);
  dealer.send(zmq::str_buffer("x"));
  const std::string id = next(router).at(0);
  router.unbind(address);
  // The router must be read meanwhile: until then a dead connection that was full can stay EAGAIN forever.
  CHECK(WireFixture::repeat_until([&] { return send_error(router, id, ZMQ_SNDMORE) == EHOSTUNREACH; },
                                  [&] {
                                    send_error(router, "");
                                    ready(router, ZMQ_POLLIN, 1ms);
                                  }));
}

TEST_CASE("libzmq: what it took and the kernel did not is lost when the socket is closed, linger or not") {
  Facts f;
  zmq::socket_t router = f.socket(zmq::socket_type::router);
  router.set(zmq::sockopt::rcvhwm, 1);
  const std::string address = f.bind(router, f.ipc("last-words"));
  int sent = 0;
  {
    zmq::socket_t dealer = f.socket(zmq::socket_type::dealer);
    dealer.set(zmq::sockopt::linger, 20'000);
    dealer.set(zmq::sockopt::sndhwm, 1);
    dealer.connect(address);
    while (ready(dealer, ZMQ_POLLOUT, 200ms)) {
      REQUIRE(send_error(dealer, "sixteen bytes...") == 0);
      ++sent;
    }
  }
  int received = 0;
  while (ready(router, ZMQ_POLLIN, 1s)) received += next(router).size() == 2 ? 1 : 0;
  CHECK(sent > 100);
  CHECK(received < sent);
}

namespace {

// Whether a client with a key of its own is heard by a server with keys, with nobody to ask who may come.
bool hears_stranger(bool enforces) {
  Facts facts;
  const KeyPair own = new_key_pair();
  zmq::socket_t server = facts.socket(zmq::socket_type::pull);
  const int on = 1;
  server.set(zmq::sockopt::curve_server, on);
  zmq_setsockopt(server.handle(), ZMQ_CURVE_SECRETKEY, own.secret.bytes.data(), kKeyBytes);
  server.set(zmq::sockopt::zap_domain, "zonda");
  if (enforces) zmq_setsockopt(server.handle(), 93, &on, sizeof on);  // ZMQ_ZAP_ENFORCE_DOMAIN
  zmq::socket_t failures = facts.socket(zmq::socket_type::pair);
  zmq_socket_monitor(server.handle(), "inproc://failures",
                     ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                         ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL);
  failures.connect("inproc://failures");
  const std::string address = facts.bind(server);
  const KeyPair stranger = new_key_pair();
  zmq::socket_t client = facts.socket(zmq::socket_type::push);
  zmq_setsockopt(client.handle(), ZMQ_CURVE_SERVERKEY, own.public_key.bytes.data(), kKeyBytes);
  zmq_setsockopt(client.handle(), ZMQ_CURVE_PUBLICKEY, stranger.public_key.bytes.data(), kKeyBytes);
  zmq_setsockopt(client.handle(), ZMQ_CURVE_SECRETKEY, stranger.secret.bytes.data(), kKeyBytes);
  client.connect(address);
  client.send(zmq::str_buffer("me"), zmq::send_flags::none);
  zmq::pollitem_t items[] = {{server.handle(), 0, ZMQ_POLLIN, 0}, {failures.handle(), 0, ZMQ_POLLIN, 0}};
  if (zmq::poll(items, 2, 20s) == 0) throw std::runtime_error("neither heard nor refused");
  zmq_socket_monitor(server.handle(), nullptr, 0);
  return items[0].revents != 0;
}

}  // namespace

TEST_CASE("libzmq: with CURVE and nobody to ask it admits any key, unless the domain is enforced") {
  CHECK(hears_stranger(false));
  CHECK_FALSE(hears_stranger(true));
}
