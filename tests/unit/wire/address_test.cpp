#include "proto/wire/address.h"

#include <catch2/catch.hpp>
#include <stdexcept>
#include <string>
#include <vector>

using namespace zonda;
using Catch::Contains;

namespace {

constexpr auto kTcp = BaseAddress::Transport::Tcp;
constexpr auto kIpc = BaseAddress::Transport::Ipc;

struct Good {
  const char* text;
  BaseAddress address;
  const char* back;
  bool loopback;
  bool wildcard;
};

const Good kGood[] = {
    {"tcp://host:5570", {kTcp, "host", 5570, ""}, "tcp://host:5571", false, false},
    {"tcp://host", {kTcp, "host", 5570, ""}, "tcp://host:5571", false, false},
    {"tcp://a-b.example.org:1", {kTcp, "a-b.example.org", 1, ""}, "tcp://a-b.example.org:2", false, false},
    {"tcp://h:65525", {kTcp, "h", 65525, ""}, "tcp://h:65526", false, false},
    {"tcp://127.0.0.1:0", {kTcp, "127.0.0.1", 0, ""}, "tcp://127.0.0.1:1", true, false},
    {"tcp://127.8.9.1:9", {kTcp, "127.8.9.1", 9, ""}, "tcp://127.8.9.1:10", true, false},
    {"tcp://127.example.org:9", {kTcp, "127.example.org", 9, ""}, "tcp://127.example.org:10", false, false},
    {"tcp://localhost:9", {kTcp, "localhost", 9, ""}, "tcp://localhost:10", true, false},
    {"tcp://10.1.2.3:9", {kTcp, "10.1.2.3", 9, ""}, "tcp://10.1.2.3:10", false, false},
    {"tcp://*:5570", {kTcp, "*", 5570, ""}, "tcp://*:5571", false, true},
    {"tcp://0.0.0.0:5570", {kTcp, "0.0.0.0", 5570, ""}, "tcp://0.0.0.0:5571", false, true},
    {"tcp://[::]:5570", {kTcp, "::", 5570, ""}, "tcp://[::]:5571", false, true},
    {"tcp://[::1]:5570", {kTcp, "::1", 5570, ""}, "tcp://[::1]:5571", true, false},
    {"tcp://[::1]", {kTcp, "::1", 5570, ""}, "tcp://[::1]:5571", true, false},
    {"tcp://[::ffff:127.0.0.1]:9",
     {kTcp, "::ffff:127.0.0.1", 9, ""},
     "tcp://[::ffff:127.0.0.1]:10",
     true,
     false},
    {"tcp://[fe80::1]:9", {kTcp, "fe80::1", 9, ""}, "tcp://[fe80::1]:10", false, false},
    {"ipc:///run/zonda", {kIpc, "", 0, "/run/zonda"}, "ipc:///run/zonda/back", true, false},
    {"ipc:///run/zonda//", {kIpc, "", 0, "/run/zonda"}, "ipc:///run/zonda/back", true, false},
};

struct Bad {
  std::string text;
  const char* why;
};

const Bad kBad[] = {
    {"", "it is empty"},
    {"host:5570", "it must begin with tcp:// or ipc://"},
    {"udp://host:5570", "it must begin with tcp:// or ipc://"},
    {"tcp://", "the host is missing"},
    {"tcp://:5570", "the host is missing"},
    {"tcp://host:", "the port is missing after the colon"},
    {"tcp://host:x", "\"x\" is not a port number"},
    {"tcp://host:-1", "\"-1\" is not a port number"},
    {"tcp://host:+1", "\"+1\" is not a port number"},
    {"tcp://host:55 70", "it contains white space"},
    {"tcp://host:5570/", "\"5570/\" is not a port number"},
    {"tcp://host:65526", "port 65526 is not between 1 and 65525"},
    {"tcp://host:70000", "port 70000 is not between 1 and 65525"},
    {"tcp://host:99999999999999999999", "is not between 1 and 65525"},
    {"tcp://ho/st:1", "\"ho/st\" is not a host name"},
    {"tcp://a;b:1", "\"a;b\" is not a host name"},
    {"tcp://1.2.3:1", "\"1.2.3\" is not an IPv4 address"},
    {"tcp://256.1.1.1:1", "\"256.1.1.1\" is not an IPv4 address"},
    {"tcp://::1:5570", "write an IPv6 address in brackets"},
    {"tcp://[::1:5570", "the bracket is not closed"},
    {"tcp://[::g]:5570", "\"::g\" is not an IPv6 address"},
    {"tcp://[]:5570", "\"\" is not an IPv6 address"},
    {"tcp://[::1]5570", "only a colon and a port may follow the bracket"},
    {"ipc://run/zonda", "the directory must be absolute"},
    {"ipc://@abstract", "the directory must be absolute"},
    {"ipc:///", "the directory is missing"},
    {"ipc:///" + std::string(101, 'd'), "the directory's path has 102 bytes, sockets allow 101"},
};

}  // namespace

TEST_CASE("well-formed base addresses") {
  for (const Good& good : kGood) {
    CAPTURE(good.text);
    const BaseAddress address = parse_address(good.text);
    CHECK(address == good.address);
    CHECK(address.endpoint(Port::Back) == good.back);
    CHECK(address.is_loopback() == good.loopback);
    CHECK(address.is_wildcard() == good.wildcard);
    CHECK(parse_address(address.text()) == address);
  }
}

TEST_CASE("malformed base addresses are refused with the reason") {
  for (const Bad& bad : kBad) {
    CAPTURE(bad.text);
    CHECK_THROWS_WITH(parse_address(bad.text), Contains(bad.why) && Contains("\"" + bad.text + "\""));
    CHECK_THROWS_AS(parse_address(bad.text), std::invalid_argument);
  }
}

TEST_CASE("ports follow from the base address") {
  const BaseAddress address = parse_address("tcp://h:100");
  CHECK(address.endpoint(Port::Front) == "tcp://h:100");
  CHECK(address.endpoint(Port::Back) == "tcp://h:101");
  CHECK(address.endpoint(Port::Sink) == "tcp://h:102");
  CHECK(address.http_port() == 110);
  const BaseAddress local = parse_address("ipc:///d");
  CHECK(local.endpoint(Port::Front) == "ipc:///d/front");
  CHECK(local.endpoint(Port::Sink) == "ipc:///d/sink");
}

TEST_CASE("a list of base addresses") {
  CHECK(parse_addresses("tcp://a:1") == std::vector{parse_address("tcp://a:1")});
  CHECK(parse_addresses("tcp://a:1,ipc:///d,tcp://[::1]:2") ==
        std::vector{parse_address("tcp://a:1"), parse_address("ipc:///d"), parse_address("tcp://[::1]:2")});
  for (const char* list : {"", ",", "tcp://a:1,", ",tcp://a:1", "tcp://a:1,,tcp://b:1"}) {
    CAPTURE(list);
    CHECK_THROWS_WITH(parse_addresses(list), Contains("it is empty"));
  }
}

TEST_CASE("what can be bound") {
  for (const char* good : {"tcp://*:0", "tcp://h:32765", "ipc:///d"}) {
    CAPTURE(good);
    CHECK_NOTHROW(require_bindable(parse_address(good)));
  }
  for (const char* bad : {"tcp://h:32766", "tcp://h:40000"}) {
    CAPTURE(bad);
    CHECK_THROWS_WITH(require_bindable(parse_address(bad)),
                      Contains("cannot be bound, take one up to 32765"));
  }
}

TEST_CASE("what can be connected to") {
  for (const char* good : {"tcp://h:1", "tcp://h:65525", "ipc:///d"}) {
    CAPTURE(good);
    CHECK_NOTHROW(require_connectable(parse_address(good)));
  }
  for (const char* bad : {"tcp://*:5570", "tcp://0.0.0.0:5570", "tcp://[::]:5570", "tcp://h:0"}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(require_connectable(parse_address(bad)), std::invalid_argument);
  }
}
