#include "cli/broker_link.h"

#include <zonda/error.h>

#include "command_line/duration.h"
#include "proto/keys/key_file.h"

namespace zonda::cli {
namespace {

constexpr const char* kKeyHint = "--keys PATH, or ZONDA_KEYS, names a key";

// People who run the place have more than one key at hand: the tool takes the one that may do most.
std::string key_path(const std::string& path) try {
  if (path.empty()) return path;
  const std::string file = peer_key_path(path, {KeyRole::Admin, KeyRole::Client, KeyRole::Monitor});
  read_peer_key(file);
  return file;
} catch (const KeyFileError& error) {
  throw Complaint(ExitCode::Usage, error.what(), error.hint);
}

ClientOptions options_of(const Environment& environment) {
  ClientOptions options;
  options.broker = environment.common.broker;
  options.name = "zonda-cli";
  options.connect_timeout = environment.common.connect_timeout;
  options.keys = key_path(environment.common.keys);
  return options;
}

ClientAccess connect(const Environment& environment) try {
  return ClientAccess(options_of(environment));
} catch (const Error& error) {
  throw Complaint(ExitCode::Usage, error.what(), "an address is tcp://host:5570 or ipc:///directory");
}

ExitCode code_of(ReplyCode code) {
  switch (code) {
    case ReplyCode::Ok: return ExitCode::Ok;
    case ReplyCode::Usage: return ExitCode::Usage;
    case ReplyCode::NotFound: return ExitCode::NotFound;
    case ReplyCode::Refused: return ExitCode::Refused;
    case ReplyCode::NotAuthorised: return ExitCode::NotAuthorised;
    case ReplyCode::Partly: return ExitCode::SomeFailed;
  }
  return ExitCode::Failure;
}

Json first_of(const std::vector<std::string>& pages) {
  return pages.empty() ? Json() : from_msgpack(pages.front());
}

Json joined(const std::vector<std::string>& pages) {
  Json entries = Json::array();
  for (const std::string& page : pages) {
    Json part = from_msgpack(page);
    for (Json& entry : part) entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace

BrokerLink::BrokerLink(Environment& environment) : environment_(environment), access_(connect(environment)) {}

std::optional<TaskReport> BrokerLink::failure_to_connect() {
  return failure_to_connect(environment_.common.connect_timeout);
}

std::optional<TaskReport> BrokerLink::failure_to_connect(std::chrono::milliseconds timeout) {
  return access_.wait_connected(timeout + kReasonWithin);
}

void BrokerLink::require_connected() {
  if (const auto failure = failure_to_connect()) throw complaint_of(*failure);
}

std::string BrokerLink::hint_about(const TaskReport& unreachable) const {
  if (unreachable.message.find("handshake") == std::string::npos)
    return "'zonda up' starts one here; --broker or ZONDA_BROKER names another";
  return environment_.common.keys.empty() ? kKeyHint : "the file of a key names the broker that it is for";
}

Complaint BrokerLink::complaint_of(const TaskReport& failure) const {
  switch (failure.kind) {
    case TaskReport::unreachable:
      return {ExitCode::Unreachable,
              failure.message.empty() ? "cannot reach broker " + address() + ": no answer in " +
                                            format_duration(environment_.common.connect_timeout)
                                      : failure.message,
              hint_about(failure)};
    case TaskReport::rejected:
      if (failure.type == "unauthorized" || failure.type == "not_yours")
        return {ExitCode::NotAuthorised, failure.message, environment_.common.keys.empty() ? kKeyHint : ""};
      if (failure.type == "not_found") return {ExitCode::NotFound, failure.message};
      return {ExitCode::Refused, failure.message};
    case TaskReport::timed_out:
      return {ExitCode::TimedOut, failure.message.empty() ? "the broker did not answer" : failure.message};
    case TaskReport::cancelled: return {ExitCode::Cancelled, failure.message};
    default: return {ExitCode::Failure, failure.message};
  }
}

std::vector<std::string> BrokerLink::ask_pages(const std::string& what, const Json& arguments,
                                               std::chrono::milliseconds timeout) {
  require_connected();
  QueryAnswer answer = access_.ask(what, to_msgpack(arguments), timeout);
  if (answer.failure) throw complaint_of(*answer.failure);
  if (answer.code != ReplyCode::Ok) throw Complaint(code_of(answer.code), answer.text);
  return std::move(answer.bodies);
}

std::optional<std::vector<std::string>> BrokerLink::try_ask_pages(const std::string& what,
                                                                  const Json& arguments,
                                                                  std::chrono::milliseconds timeout) {
  QueryAnswer answer = access_.ask(what, to_msgpack(arguments), timeout);
  if (!answer.ok()) return std::nullopt;
  return std::move(answer.bodies);
}

Json BrokerLink::ask(const std::string& what, const Json& arguments, std::chrono::milliseconds timeout) {
  return first_of(ask_pages(what, arguments, timeout));
}

Json BrokerLink::ask_list(const std::string& what, const Json& arguments, std::chrono::milliseconds timeout) {
  return joined(ask_pages(what, arguments, timeout));
}

std::optional<Json> BrokerLink::try_ask(const std::string& what, const Json& arguments,
                                        std::chrono::milliseconds timeout) {
  const auto pages = try_ask_pages(what, arguments, timeout);
  return pages ? std::optional<Json>(first_of(*pages)) : std::nullopt;
}

std::optional<Json> BrokerLink::try_ask_list(const std::string& what, const Json& arguments,
                                             std::chrono::milliseconds timeout) {
  const auto pages = try_ask_pages(what, arguments, timeout);
  return pages ? std::optional<Json>(joined(*pages)) : std::nullopt;
}

std::unique_ptr<JobChannel> BrokerLink::open(const JobSpec& spec) { return access_.open(spec); }

std::unique_ptr<JobChannel> BrokerLink::attach(const JobId& job) { return access_.attach(job); }

}  // namespace zonda::cli
