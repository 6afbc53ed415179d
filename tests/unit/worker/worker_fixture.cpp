#include "tests/unit/worker/worker_fixture.h"

#include <catch2/catch.hpp>

#include "tests/arriving.h"

namespace zonda {
namespace {

std::string with_fields(const std::string& name, const std::vector<Held>& tasks) {
  std::string text = name;
  for (const Held& held : tasks)
    text += (text == name ? " [" : ", [") + std::to_string(held.first) + "," +
            std::to_string(held.first + held.count) + ") lease=" + std::to_string(held.lease) +
            (held.started ? " started" : "");
  return text;
}

}  // namespace

WorkerFixture::WorkerFixture(int slots, WorkerConfig config, Spool* spool) : executor(slots) {
  job.bytes[0] = 7;
  brief_.name(job);
  Hello hello;
  hello.role = Role::Worker;
  hello.name = "w";
  hello.slots = static_cast<std::uint32_t>(slots);
  core = std::make_unique<WorkerCore>(hello, 1, executor, config, spool);
  executor.begin_at(time_);
}

void WorkerFixture::hear(PeerEffects& effects) {
  if (effects.reconnect_sink) said_.push_back("reconnects the sink");
  for (const std::string& bytes : effects.frames) {
    std::variant<Frame, BadFrame> decoded = decode(bytes);
    REQUIRE(std::holds_alternative<Frame>(decoded));
    const Frame& frame = std::get<Frame>(decoded);
    if (frame.header.session != 0) header_ = frame.header;
    if (const auto* hello = std::get_if<Hello>(&frame.message)) {
      attempt_ = hello->attempt;
      said_.push_back("hello" + std::string(hello->draining ? " draining" : ""));
    } else if (const auto* started = std::get_if<Started>(&frame.message)) {
      said_.push_back(with_fields("started", started->tasks));
    } else if (const auto* returned = std::get_if<Returned>(&frame.message)) {
      said_.push_back(with_fields("returned", returned->tasks));
    } else if (const auto* holdings = std::get_if<Holdings>(&frame.message)) {
      said_.push_back(with_fields("holdings", holdings->tasks));
    } else if (const auto* progress = std::get_if<WorkerProgress>(&frame.message)) {
      said_.push_back("progress " + std::to_string(progress->index) + ": " + std::to_string(progress->done));
    } else if (!std::holds_alternative<Heartbeat>(frame.message) &&
               !std::holds_alternative<Credit>(frame.message)) {
      said_.push_back(brief_(frame.message));
    }
  }
}

void WorkerFixture::welcome() {
  settle();
  Welcome message;
  message.protocol = kProtocolMax;
  message.attempt = attempt_;
  message.epoch = 1;
  message.heartbeat_ms = 3'000;
  message.lease_ms = 15'000;
  message.payload_bytes_max = payload_max;
  out_ = {};
  Header header;
  header.session = ++session_;
  PeerEffects effects;
  core->handle(encode(header, message), time_, effects);
  core->settle(time_, effects);
  hear(effects);
}

void WorkerFixture::broker_says(const Message& message) {
  Header header;
  header.session = session_;
  PeerEffects effects;
  for (std::string& frame : out_.pack(header, message)) core->handle(arriving(frame), time_, effects);
  core->settle(time_, effects);
  hear(effects);
}

void WorkerFixture::gives(std::uint64_t lo, std::uint64_t hi, std::uint64_t lease, std::uint64_t timeout_ms,
                          std::size_t bytes) {
  std::string lengths, payloads;
  const auto length = static_cast<std::uint32_t>(bytes);
  for (std::uint64_t index = lo; index < hi; ++index) {
    lengths.append(reinterpret_cast<const char*>(&length), 4);
    payloads.append(bytes, 'a');
  }
  broker_says(Tasks{{{job, lo, 1, lease, 1, "f", "()", timeout_ms, Column{lengths, payloads}}}});
}

void WorkerFixture::settle() {
  PeerEffects effects;
  core->settle(time_, effects);
  hear(effects);
}

void WorkerFixture::advance(std::chrono::microseconds time) {
  time_ += time;
  settle();
}

void WorkerFixture::drain() {
  PeerEffects effects;
  core->drain(time_, effects);
  core->settle(time_, effects);
  hear(effects);
}

void WorkerFixture::give_up() {
  PeerEffects effects;
  core->give_up(time_, effects);
  core->settle(time_, effects);
  hear(effects);
}

void WorkerFixture::leave() {
  PeerEffects effects;
  core->leave(time_, effects);
  hear(effects);
}

std::vector<std::string> WorkerFixture::took_messages() { return std::exchange(said_, {}); }

std::vector<std::string> WorkerFixture::took_results(std::size_t count) {
  std::vector<std::string> all;
  for (; count > 0; --count) {
    const std::string* bytes = core->next_sink_frame();
    if (bytes == nullptr) break;
    std::variant<Frame, BadFrame> decoded = decode(*bytes);
    REQUIRE(std::holds_alternative<Frame>(decoded));
    const Frame& frame = std::get<Frame>(decoded);
    std::string text = "results " + std::to_string(frame.header.seq) + ":";
    for (const ResultRange& range : std::get<WorkerResults>(frame.message).ranges)
      text += " [" + std::to_string(range.first) + "," +
              std::to_string(range.first + range.outcomes.count()) + ")";
    all.push_back(text);
    core->sink_frame_sent();
  }
  return all;
}

}  // namespace zonda
