#include "cli/pools/pool_state.h"

#include <algorithm>
#include <filesystem>

#include "command_line/complaint.h"
#include "proto/keys/private_file.h"

namespace zonda::cli {
namespace {

constexpr std::size_t kLogMax = 500;

Json json_of(const PoolSize& size) {
  return {{"min", size.min}, {"max", size.max}, {"target_wait_ms", size.target_wait.count()}};
}

PoolSize size_of(const Json& json) {
  return {json.at("min"), json.at("max"),
          std::chrono::milliseconds(json.at("target_wait_ms").get<std::int64_t>())};
}

}  // namespace

void PoolState::note(std::string text, double now, std::uint64_t told) {
  log.push_back({std::max(told, log.empty() ? 0 : log.back().number) + 1, now, std::move(text)});
  if (log.size() > kLogMax) log.pop_front();
}

PoolState read_pool_state(const std::string& file, const PoolSize& in_file) {
  PoolState state;
  state.size = state.size_in_file = in_file;
  state.wanted = in_file.min;
  if (!std::filesystem::exists(file)) return state;
  try {
    const Json json = Json::parse(read_private_file(file));
    if (size_of(json.at("size_in_file")) == in_file) state.size = size_of(json.at("size"));
    state.order = json.at("order");
    state.epoch = json.at("epoch");
    state.workers = json.at("workers").get<std::set<std::string>>();
    state.pending = json.at("pending").get<std::map<std::string, double>>();
    state.returning = json.at("returning").get<std::set<std::string>>();
    state.wanted = json.at("wanted");
    if (json.at("section").is_string()) state.section = json.at("section");
    for (const Json& each : json.at("functions")) state.functions.emplace(each.at(0), each.at(1));
    for (const Json& each : json.at("log"))
      state.log.push_back({each.at("number"), each.at("at"), each.at("text")});
    return state;
  } catch (const KeyFileError& error) {
    throw Complaint(ExitCode::Failure, error.what(), error.hint);
  } catch (const Json::exception& error) {
    throw Complaint(ExitCode::Failure, file + " cannot be read: " + error.what(),
                    "without that file the pool begins as its configuration says");
  }
}

void write_pool_state(const std::string& file, const PoolState& state) try {
  Json json{{"size", json_of(state.size)},
            {"size_in_file", json_of(state.size_in_file)},
            {"order", state.order},
            {"epoch", state.epoch},
            {"workers", state.workers},
            {"pending", state.pending},
            {"returning", state.returning},
            {"wanted", state.wanted},
            {"section", state.section ? Json(*state.section) : Json()},
            {"functions", Json::array()},
            {"log", Json::array()}};
  for (const auto& [name, signature] : state.functions) json["functions"].push_back({name, signature});
  for (const LoggedDecision& each : state.log)
    json["log"].push_back({{"number", each.number}, {"at", each.at}, {"text", each.text}});
  replace_private_file(file, to_text(json));
} catch (const KeyFileError& error) {
  throw Complaint(ExitCode::Failure, error.what(), error.hint);
}

}  // namespace zonda::cli
