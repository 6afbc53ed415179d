// How peers of each protocol version that is spoken here begin, as it was recorded when that version was
// made. What is recorded is never changed: such peers are out there. A new version adds a file of its own
// (ZONDA_RECORD=1 writes the one that is missing).
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "proto/frame.h"
#include "proto/limits.h"
#include "proto/peer_session.h"
#include "tests/unit/broker/broker_fixture.h"

using namespace zonda;

namespace {

std::filesystem::path file_of(int version) {
  return std::filesystem::path(ZONDA_HANDSHAKES) / ("protocol-" + std::to_string(version) + ".txt");
}

std::string hex_of(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += {kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return text;
}

std::string bytes_of(const std::string& hex) {
  std::string bytes;
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2)
    bytes += static_cast<char>(std::stoi(hex.substr(at, 2), nullptr, 16));
  return bytes;
}

// What the broker answers to the first frame of a connection.
std::string answer_to(Role role, const std::string& hello) {
  BrokerConfig config;
  config.epoch = 7;
  BrokerCore core(config);
  const Now now{TimePoint(std::chrono::hours(1)), UtcTime(std::chrono::hours(500'000))};
  Effects effects;
  core.handle({role == Role::Worker ? Port::Back : Port::Front, 1}, ArrivedFrame(hello), now, effects);
  core.settle(now, effects);
  REQUIRE(!effects.frames.empty());
  return effects.frames[0].frame;
}

Hello hello_of(Role role) {
  Hello hello = role == Role::Worker ? BrokerFixture::worker_hello({.labels = {{"zone", "a"}}}, 1)
                                     : BrokerFixture::client_hello("jane", 2);
  hello.attempt = 1;
  hello.sdk = "zonda-cpp/0.1.0";
  return hello;
}

void write_down(int version) {
  std::ofstream file(file_of(version));
  file << "# The first frames of protocol " << version
       << ": a worker's, a client's, and what a broker answers.\n";
  for (const Role role : {Role::Worker, Role::Client}) {
    const std::string hello = encode(Header{}, hello_of(role));
    const char* name = role == Role::Worker ? "worker" : "client";
    file << name << "-hello " << hex_of(hello) << "\n";
    file << name << "-welcome " << hex_of(answer_to(role, hello)) << "\n";
  }
}

std::map<std::string, std::string> recorded(int version) {
  std::ifstream file(file_of(version));
  INFO(file_of(version));
  REQUIRE(file);
  std::map<std::string, std::string> frames;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name, hex;
    if (line.front() != '#' && words >> name >> hex) frames[name] = bytes_of(hex);
  }
  return frames;
}

template <class T>
T message_in(const std::string& bytes) {
  const auto frame = decode(bytes);
  REQUIRE(std::holds_alternative<Frame>(frame));
  REQUIRE(std::holds_alternative<T>(std::get<Frame>(frame).message));
  return std::get<T>(std::get<Frame>(frame).message);
}

}  // namespace

TEST_CASE("peers of every version that is spoken are welcome as they were recorded") {
  for (int version = kProtocolMin; version <= kProtocolMax; ++version) {
    const bool is_missing = !std::filesystem::exists(file_of(version));
    if (is_missing && std::getenv("ZONDA_RECORD") != nullptr) write_down(version);
    const auto frames = recorded(version);
    for (const Role role : {Role::Worker, Role::Client}) {
      const std::string name = role == Role::Worker ? "worker" : "client";
      INFO(name << " of protocol " << version);
      const auto answer = answer_to(role, frames.at(name + "-hello"));
      const auto welcome = message_in<Welcome>(answer);
      CHECK(welcome.protocol == version);
      CHECK(welcome.attempt == 1);
      // And its answer is one that today's peers understand.
      CHECK(message_in<Welcome>(frames.at(name + "-welcome")).protocol == version);
    }
    CHECK(message_in<Hello>(frames.at("worker-hello")).labels.at("zone") == "a");
    CHECK(message_in<Hello>(frames.at("client-hello")).name == "jane");
  }
}

TEST_CASE("the bytes of the newest version are those that were recorded") {
  const auto frames = recorded(kProtocolMax);
  for (const Role role : {Role::Worker, Role::Client}) {
    const std::string name = role == Role::Worker ? "worker" : "client";
    CHECK(hex_of(encode(Header{}, hello_of(role))) == hex_of(frames.at(name + "-hello")));
    CHECK(hex_of(answer_to(role, frames.at(name + "-hello"))) == hex_of(frames.at(name + "-welcome")));
  }
}

TEST_CASE("of the versions that both speak the newest is taken") {
  const auto version_with = [](std::uint8_t least, std::uint8_t most) {
    Hello hello = hello_of(Role::Client);
    hello.protocol_min = least;
    hello.protocol_max = most;
    return message_in<Welcome>(answer_to(Role::Client, encode(Header{}, hello))).protocol;
  };
  CHECK(version_with(kProtocolMin, kProtocolMax) == kProtocolMax);
  CHECK(version_with(kProtocolMin, kProtocolMax + 3) == kProtocolMax);
  CHECK(version_with(0, kProtocolMin) == kProtocolMin);
}
