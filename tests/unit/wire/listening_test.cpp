#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/unit/wire/wire_fixture.h"

using namespace zonda;
using Catch::Contains;

TEST_CASE("chosen ports are reported and lie below the ephemeral range") {
  WireFixture f;
  BrokerEnd broker(f.context, f.local("tcp://localhost:0"));
  REQUIRE(broker.wire->addresses().size() == 1);
  const BaseAddress& address = broker.wire->addresses().front();
  CHECK(address.port >= 1024);
  CHECK(address.port <= kBindPortMax - 2);
  PeerEnd peer = f.peer_of(broker, Port::Front);
  WireFixture::meet(broker, peer);
}

TEST_CASE("a port in use is named") {
  WireFixture f;
  BrokerEnd broker(f.context, f.local());
  BaseAddress taken = broker.wire->addresses().front();
  CHECK_THROWS_WITH(BrokerEnd(f.context, f.local(taken.text())),
                    Contains("port " + std::to_string(taken.port) + " is in use"));
  taken.port = static_cast<std::uint16_t>(taken.port + 2);  // its front is the other's sink
  CHECK_THROWS_AS(BrokerEnd(f.context, f.local(taken.text())), std::runtime_error);
}

TEST_CASE("several addresses are served at once") {
  WireFixture f;
  TempDir dir;
  BrokerWireOptions options = f.local();
  options.addresses.push_back(parse_address("ipc://" + dir.path()));
  options.addresses.push_back(parse_address("tcp://*:0"));
  BrokerEnd broker(f.context, options);
  REQUIRE(broker.wire->addresses().size() == 3);
  for (BaseAddress address : broker.wire->addresses()) {
    if (address.is_wildcard()) address.host = "127.0.0.1";
    PeerEnd peer(f.context, {.address = address.endpoint(Port::Back)});
    WireFixture::meet(broker, peer);
  }
}

TEST_CASE("what cannot be listened on is refused with the reason") {
  WireFixture f;
  const auto listen = [&](const std::string& address) { BrokerEnd(f.context, f.local(address)); };
  CHECK_THROWS_WITH(listen("tcp://127.0.0.1:40000"), Contains("cannot be bound"));
  CHECK_THROWS_WITH(listen("tcp://192.0.2.1:15570"), Contains("of this machine"));
  CHECK_THROWS_WITH(listen("tcp://no.such.host.invalid:15570"), Contains("of this machine"));
  CHECK_THROWS_WITH(listen("ipc:///no/such/parent"), Contains("cannot create the directory"));
}

TEST_CASE("IPv6 loopback, where the machine has it") {
  WireFixture f;
  if (!std::filesystem::exists("/proc/net/if_inet6")) return;
  try {
    BrokerEnd broker(f.context, f.local("tcp://[::1]:0"));
    PeerEnd peer = f.peer_of(broker);
    WireFixture::meet(broker, peer);
  } catch (const std::runtime_error& error) {
    CHECK_THAT(error.what(), Contains("of this machine"));  // the module is there, the address is not
  }
}

TEST_CASE("a broker's ipc directory is its own") {
  WireFixture f;
  TempDir dir;
  const std::string path = dir.path() + "/sockets";
  BrokerEnd broker(f.context, f.local("ipc://" + path));
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0700);

  CHECK_THROWS_WITH(BrokerEnd(f.context, f.local("ipc://" + path)), Contains("another broker runs there"));
  PeerEnd peer = f.peer_of(broker);  // and the first still has its sockets
  WireFixture::meet(broker, peer);
}

TEST_CASE("an ipc directory that others can enter is refused") {
  WireFixture f;
  TempDir dir;
  REQUIRE(chmod(dir.path().c_str(), 0750) == 0);
  CHECK_THROWS_WITH(BrokerEnd(f.context, f.local("ipc://" + dir.path())), Contains("open to other users"));
  std::filesystem::create_directory_symlink(dir.path(), dir.path() + "/link");
  CHECK_THROWS_WITH(BrokerEnd(f.context, f.local("ipc://" + dir.path() + "/link")),
                    Contains("is not a directory"));
}
