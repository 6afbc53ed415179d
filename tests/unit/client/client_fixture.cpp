#include "tests/unit/client/client_fixture.h"

#include <catch2/catch.hpp>

#include "tests/arriving.h"
#include "tests/unit/broker/broker_fixture.h"

namespace zonda {
namespace {

std::string range(std::uint64_t first, std::uint64_t count) {
  return "[" + std::to_string(first) + "," + std::to_string(first + count) + ")";
}

std::string read(std::uint64_t outcomes, std::uint64_t epoch) {
  return epoch == 0 ? "" : " received=" + std::to_string(outcomes) + " epoch=" + std::to_string(epoch);
}

}  // namespace

ClientFixture::ClientFixture() {
  Hello hello;
  hello.role = Role::Client;
  core = std::make_unique<ClientCore>(hello, 1, static_cast<ClientListener&>(*this));
}

std::string ClientFixture::said(const Message& message) {
  if (const auto* open = std::get_if<OpenJob>(&message))
    return "open-job " + name(open->job) + " position=" + std::to_string(open->position) +
           " accepted=" + std::to_string(open->accepted) + read(open->received, open->epoch);
  if (const auto* append = std::get_if<Append>(&message))
    return "append " + name(append->job) + " " + range(append->first, append->arguments.count());
  if (const auto* close = std::get_if<CloseJob>(&message))
    return "close-job " + name(close->job) + " count=" + std::to_string(close->count);
  if (const auto* cancel = std::get_if<Cancel>(&message))
    return "cancel " + name(cancel->job) +
           (cancel->count == 0 ? "" : " " + range(cancel->first, cancel->count));
  if (const auto* ack = std::get_if<OutcomeAck>(&message))
    return "ack " + name(ack->job) + " " + std::to_string(ack->position);
  if (const auto* attach = std::get_if<Attach>(&message))
    return "attach " + name(attach->job) + " position=" + std::to_string(attach->position) +
           read(attach->received, attach->epoch);
  if (const auto* query = std::get_if<Query>(&message)) return "query " + std::to_string(query->id);
  return std::visit([]<class T>(const T&) { return std::string(name_of(T::type)); }, message);
}

void ClientFixture::hear(PeerEffects& effects) {
  for (const std::string& bytes : effects.frames) {
    std::variant<Frame, BadFrame> decoded = decode(bytes);
    REQUIRE(std::holds_alternative<Frame>(decoded));
    const Frame& frame = std::get<Frame>(decoded);
    last_seq_ = std::max(last_seq_, frame.header.seq);
    if (const auto* hello = std::get_if<Hello>(&frame.message)) attempt_ = hello->attempt;
    if (!std::holds_alternative<Heartbeat>(frame.message) && !std::holds_alternative<Hello>(frame.message))
      said_.push_back(said(frame.message));
  }
}

void ClientFixture::settle() {
  PeerEffects effects;
  core->settle(time_, effects, frames_max);
  hear(effects);
}

void ClientFixture::welcome(std::uint64_t credit_tasks, std::uint64_t credit_bytes, std::uint8_t store) {
  if (attempt_ == 0) settle();
  Welcome message;
  message.protocol = kProtocolMax;
  message.attempt = attempt_;
  message.store.bytes[0] = store;
  message.heartbeat_ms = 3'000;
  message.lease_ms = 15'000;
  out_ = {};
  last_seq_ = read_ = 0;
  credit_tasks_ = credit_tasks;
  credit_bytes_ = credit_bytes;
  PeerEffects effects;
  core->handle(encode(Header{++session_, 0, 0, credit_tasks, credit_bytes}, message), time_, effects);
  core->settle(time_, effects, frames_max);
  hear(effects);
}

void ClientFixture::loses_session() {
  PeerEffects effects;
  core->handle(encode(Header{}, Who{}), time_, effects);
  hear(effects);
}

void ClientFixture::broker_says(const Message& message, std::uint64_t credit_tasks) {
  credit_tasks_ = std::max(credit_tasks_, credit_tasks);
  PeerEffects effects;
  for (std::string& frame : out_.pack(Header{session_, 0, read_, credit_tasks_, credit_bytes_}, message))
    core->handle(arriving(frame), time_, effects);
  core->settle(time_, effects, frames_max);
  hear(effects);
}

void ClientFixture::outcomes(const JobId& job, std::uint64_t position, std::uint64_t first,
                             std::uint64_t count, std::uint64_t epoch) {
  const Values values(count, "r");
  broker_says(Outcomes{job, position, {{first, 1, "w", {}, values.column(), epoch}}});
}

JobId ClientFixture::id(std::uint8_t number) {
  JobId id;
  id.bytes[15] = number;
  return id;
}

JobId ClientFixture::new_job(std::uint8_t number) {
  core->open(id(number), job_of());
  return id(number);
}

void ClientFixture::append(const JobId& job, std::uint64_t tasks) {
  const Values values(tasks, "a");
  Slab slab(values.lengths, values.payloads);
  const std::string_view bytes = slab.view();
  core->append(job, slab, {bytes.substr(0, values.lengths.size()), bytes.substr(values.lengths.size())});
}

std::vector<std::string> ClientFixture::took_messages() { return std::exchange(said_, {}); }

void ClientFixture::on_accepted(const JobId& job, std::uint64_t count, bool closed) {
  heard_.push_back("accepted " + name(job) + " " + std::to_string(count) + (closed ? " closed" : ""));
}

void ClientFixture::on_job_refused(const JobId& job, JobRefusedCode, const std::string& text) {
  heard_.push_back("job-refused " + name(job) + ": " + text);
}

void ClientFixture::on_same_job(const JobId& job, const JobId& existing) {
  heard_.push_back("same-job " + name(job) + " " + name(existing));
}

void ClientFixture::on_outcomes(const JobId& job, std::uint64_t position,
                                const std::vector<OutcomeRange>& ranges, ArrivedFrame&) {
  std::string text = "outcomes " + name(job) + " at=" + std::to_string(position);
  for (const OutcomeRange& each : ranges) text += " " + range(each.first, each.outcomes.count());
  heard_.push_back(text);
}

}  // namespace zonda
