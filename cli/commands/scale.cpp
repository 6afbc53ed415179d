// zonda scale: how many workers a pool may have, and what was decided.
#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <thread>

#include "cli/broker_link.h"
#include "cli/commands/commands.h"
#include "cli/document.h"
#include "cli/pools/pool_size.h"
#include "command_line/complaint.h"
#include "command_line/duration.h"
#include "command_line/number.h"

namespace zonda::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::chrono::seconds kTakenWithin{10};
constexpr milliseconds kLook{50};

struct Wish {
  std::optional<std::uint64_t> min, max;
  std::optional<milliseconds> target_wait;
};

Json pool_called(BrokerLink& link, const std::string& name) {
  Json pools = link.ask_list("pool.list");
  const auto found = std::find_if(pools.begin(), pools.end(),
                                  [&](const Json& pool) { return pool.value("pool", "") == name; });
  if (found == pools.end())
    throw Complaint(ExitCode::NotFound, "no pool is called " + name,
                    "'zonda pool list' tells which there are; 'zonda pool start' runs them");
  return *found;
}

Json order_of(const Json& pool, const Wish& wish) {
  const auto most = wish.max.value_or(pool.value("max", std::uint64_t{0}));
  const auto least = wish.min.value_or(std::min(pool.value("min", std::uint64_t{0}), most));
  const auto target = static_cast<std::int64_t>(pool.value("target_seconds", 30.0) * 1e3);
  if (least > most)
    throw Complaint(ExitCode::Usage,
                    "at least " + std::to_string(least) + " is more than at most " + std::to_string(most));
  return {{"pool", pool.at("pool")},
          {"min", least},
          {"max", most},
          {"target_wait_ms", wish.target_wait ? wish.target_wait->count() : target}};
}

std::uint64_t ordered(BrokerLink& link, const Json& order) try {
  return link.ask("pool.scale", order).at("order");
} catch (const Complaint& complaint) {
  if (complaint.code() != ExitCode::Refused) throw;
  throw Complaint(complaint.code(), complaint.what(),
                  "'zonda pool start' runs a manager; 'zonda worker drain' lets single workers leave");
}

// It counts, and outlives all of us, once the manager has it.
Json scaled(BrokerLink& link, const std::string& name, const Wish& wish) {
  const std::uint64_t order = ordered(link, order_of(pool_called(link, name), wish));
  for (const auto end = steady_clock::now() + kTakenWithin; steady_clock::now() < end;
       std::this_thread::sleep_for(kLook)) {
    Json pool = pool_called(link, name);
    if (pool.value("order", std::uint64_t{0}) >= order) return pool;
  }
  throw Complaint(ExitCode::TimedOut, "the manager of pool " + name + " has not taken it yet",
                  "'zonda pool list' tells whether it did");
}

int scale(Environment& environment, const std::string& name, const Wish& wish) {
  BrokerLink link(environment);
  const Json pool = scaled(link, name, wish);
  print_thing(environment,
              {"zonda.scale/1", [](const Json& json) { return text_of(json, "pool"); },
               [](const Json& json) {
                 return std::vector<std::pair<std::string, std::string>>{
                     {"pool", text_of(json, "pool")},
                     {"wanted", text_of(json, "wanted")},
                     {"workers", text_of(json, "workers")},
                     {"at least", text_of(json, "min")},
                     {"at most", text_of(json, "max")},
                     {"target wait", format_age(json.value("target_seconds", 0.0))}};
               }},
              pool);
  return 0;
}

Command log_command(Environment& environment) {
  auto limit = std::make_shared<std::uint64_t>(100);
  Command command{.name = "log",
                  .summary = "Tells what was decided, and why.",
                  .operands = "[POOL]",
                  .examples = "zonda scale log\nzonda scale log cpu --limit 20",
                  .operands_max = 1};
  command.options = {option::number("limit", "N", "the last so many; default 100", *limit, 100'000, 1)};
  command.run = [&environment, limit](const std::vector<std::string>& names) {
    Json arguments{{"limit", *limit}};
    if (!names.empty()) arguments["pool"] = names.front();
    Json entries = BrokerLink(environment).ask_list("pool.log", arguments);
    for (Json& entry : entries) format_times(entry, {"at"});
    print_list(environment,
               {"zonda.scale.log/1",
                "decisions",
                [](const Json& entry) { return text_of(entry, "pool"); },
                {{"AT"}, {"POOL"}, {"DECISION"}},
                [](const Json& entry) {
                  return std::vector<std::string>{text_of(entry, "at"), text_of(entry, "pool"),
                                                  text_of(entry, "text")};
                }},
               entries);
    return 0;
  };
  return command;
}

}  // namespace

Command scale_command(Environment& environment) {
  auto wish = std::make_shared<Wish>();
  Command command{.name = "scale",
                  .summary = "Changes how many workers a pool has, or may have.",
                  .operands = "POOL [N]",
                  .examples =
                      "zonda scale cpu 8\nzonda scale cpu --min 0 --max 20 --target-wait 30s\n"
                      "zonda scale log cpu",
                  .operands_min = 1,
                  .operands_max = 2};
  command.options = {
      {"min", 0, "N", "at least so many",
       [wish](const std::string& text) { wish->min = parse_number_within(text, "--min", kPoolWorkersMax); }},
      {"max", 0, "N", "at most so many",
       [wish](const std::string& text) { wish->max = parse_number_within(text, "--max", kPoolWorkersMax); }},
      {"target-wait", 0, "D", "tasks should wait no longer: more workers if they would",
       [wish](const std::string& text) {
         wish->target_wait = parse_duration(text, "--target-wait");
         if (wish->target_wait->count() == 0) throw Complaint(ExitCode::Usage, "--target-wait: nothing");
       }}};
  command.children = {log_command(environment)};
  command.run = [&environment, wish](const std::vector<std::string>& words) {
    if (words.size() == 2 && (wish->min || wish->max))
      throw Complaint(ExitCode::Usage, "either N, or --min and --max");
    if (words.size() == 2) wish->min = wish->max = parse_number_within(words[1], "N", kPoolWorkersMax);
    if (!wish->min && !wish->max && !wish->target_wait)
      throw Complaint(ExitCode::Usage, "expected N, --min, --max or --target-wait",
                      "'zonda pool list' tells how many there are");
    return scale(environment, words[0], *wish);
  };
  return command;
}

}  // namespace zonda::cli
