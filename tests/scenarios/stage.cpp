#include "tests/scenarios/stage.h"

#include <sstream>
#include <stdexcept>

namespace zonda {
namespace {

std::uint64_t number_of(const std::string& text) { return std::stoull(text); }

// "[0,3)"
IndexRange range_of(const std::string& text) {
  const std::size_t comma = text.find(',');
  if (text.size() < 5 || text.front() != '[' || comma == std::string::npos)
    throw std::runtime_error("not a range: " + text);
  return {number_of(text.substr(1)), number_of(text.substr(comma + 1))};
}

std::chrono::milliseconds time_of(const std::string& text) {
  const auto count = static_cast<std::int64_t>(number_of(text));
  if (text.ends_with("ms")) return std::chrono::milliseconds(count);
  if (text.ends_with("h")) return std::chrono::hours(count);
  return std::chrono::seconds(count);
}

}  // namespace

Stage::Command Stage::parse(const std::string& line) {
  Command command;
  std::istringstream words(line);
  std::string word;
  while (words >> word) {
    const std::size_t equals = word.find('=');
    if (command.who.empty() && word.ends_with(':'))
      command.who = word.substr(0, word.size() - 1);
    else if (command.what.empty())
      command.what = word;
    else
      command.with[word.substr(0, equals)] = equals == std::string::npos ? "" : word.substr(equals + 1);
  }
  return command;
}

Peer Stage::peer(const std::string& name) {
  const auto at = peers_.find(name);
  if (at == peers_.end()) throw std::runtime_error("nobody is called " + name);
  return at->second;
}

std::string Stage::play(const std::string& line) {
  Command command = parse(line);
  if (command.what == "join")
    join(command);
  else if (command.what == "after")
    broker_.advance(time_of(command.with.begin()->first));
  else if (command.who.starts_with("c"))
    client_does(peer(command.who), command);
  else
    worker_does(peer(command.who), command);
  return what_was_said();
}

void Stage::join(const Command& command) {
  if (command.who.starts_with("c")) {
    peers_[command.who] = broker_.join_client(command.who);
  } else {
    Offer offer;
    offer.name = command.who;
    if (command.with.contains("slots"))
      offer.slots = static_cast<std::uint32_t>(number_of(command.with.at("slots")));
    if (command.with.contains("queue")) offer.queues = {command.with.at("queue")};
    peers_[command.who] = broker_.join_worker(offer);
  }
  broker_.stays_alive(peers_[command.who]);
}

void Stage::client_does(Peer client, const Command& command) {
  const auto with = [&](const char* name) {
    const auto at = command.with.find(name);
    return at == command.with.end() ? std::string() : at->second;
  };
  const auto job = [&] { return jobs_.at(number_of(with("job")) - 1); };
  if (command.what == "submit") {
    JobSpec spec = job_of();
    spec.detached = command.with.contains("detached");
    if (!with("retries").empty()) spec.retries = static_cast<std::uint32_t>(number_of(with("retries")));
    if (!with("priority").empty()) spec.priority = static_cast<std::int32_t>(number_of(with("priority")));
    if (!with("key").empty()) {
      spec.key = with("key").substr(0, with("key").find(':'));
      spec.key_digest = number_of(with("key").substr(spec.key.size() + 1));
    }
    jobs_.push_back(broker_.new_job_id());
    const std::uint64_t tasks = number_of(with("tasks"));
    return broker_.together([&] {
      broker_.opens(client, jobs_.back(), spec);
      if (!spec.key.empty()) return;  // whether it is a new job is not known yet
      broker_.appends(client, jobs_.back(), 0, tasks);
      broker_.closes(client, jobs_.back(), tasks);
    });
  }
  if (command.what == "append") {
    const IndexRange range = range_of(with("tasks"));
    return broker_.appends(client, job(), range.lo, range.size());
  }
  if (command.what == "close") return broker_.closes(client, job(), number_of(with("count")));
  if (command.what == "ack") return broker_.acknowledges(client, job(), number_of(with("position")));
  if (command.what == "cancel") return broker_.says(client, Cancel{job(), 0, 0});
  if (command.what == "attach") return broker_.says(client, Attach{job(), number_of(with("position"))});
  if (command.what == "goodbye") return broker_.falls_silent(client), broker_.says(client, Goodbye{});
  if (command.what == "cut") return broker_.falls_silent(client), broker_.loses_connection(client);
  if (command.what == "back") return broker_.reconnects(client), broker_.stays_alive(client);
  if (command.what == "open")
    return broker_.opens(client, job(), job_of(), number_of(with("position")), number_of(with("accepted")));
  throw std::runtime_error("a client does not " + command.what);
}

void Stage::worker_does(Peer worker, const Command& command) {
  const auto with = [&](const char* name) {
    const auto at = command.with.find(name);
    return at == command.with.end() ? std::string("0") : at->second;
  };
  const auto job = [&] { return jobs_.at(number_of(with("job")) - 1); };
  const auto tasks = [&] { return range_of(with("tasks")); };
  const std::uint64_t lease = number_of(with("lease"));
  const auto each = with("each") == "0" ? std::chrono::milliseconds(100) : time_of(with("each"));
  if (command.what == "results") return broker_.finishes(worker, job(), tasks(), lease, each);
  if (command.what == "fails") return broker_.fails(worker, job(), tasks().lo, lease);
  if (command.what == "crashes") return broker_.fails(worker, job(), tasks().lo, lease, TaskReport::crashed);
  if (command.what == "started") return broker_.started(worker, job(), tasks(), lease);
  if (command.what == "returned") return broker_.returns(worker, job(), tasks(), lease);
  if (command.what == "silent") return broker_.falls_silent(worker);
  if (command.what == "cut") return broker_.falls_silent(worker), broker_.loses_connection(worker);
  if (command.what == "drain") return broker_.says(worker, Drain{});
  if (command.what == "goodbye") return broker_.falls_silent(worker), broker_.says(worker, Goodbye{});
  if (command.what == "heartbeat") return broker_.says(worker, Heartbeat{number_of(with("sent")), false});
  if (command.what == "lost-results") {
    const Values values(tasks().size(), "result");
    return broker_.loses_sink_frame(worker,
                                    WorkerResults{{{job(), tasks().lo, 1, lease, 1, {}, values.column()}}});
  }
  if (command.what == "back") {
    std::vector<Held> held;
    if (command.with.contains("tasks")) held.push_back(BrokerFixture::held(job(), tasks(), lease, true));
    broker_.reconnects(worker, held);
    return broker_.stays_alive(worker);
  }
  throw std::runtime_error("a worker does not " + command.what);
}

std::string Stage::what_was_said() {
  std::string text;
  for (const std::string& record : broker_.took_records()) text += "record " + record + "\n";
  for (const auto& [name, each] : peers_) {
    for (const std::string& message : broker_.took_messages_to(each))
      text += "to " + name + "  " + message + "\n";
  }
  return text.empty() ? "silence\n" : text;
}

}  // namespace zonda
