// zonda broker verify, backup and salvage: for the store of a broker that does not run; and a backup of one
// that does.
#include <chrono>
#include <filesystem>
#include <memory>

#include "broker/store/store_error.h"
#include "broker/store/store_inspection.h"
#include "cli/broker_link.h"
#include "cli/commands/commands.h"
#include "cli/json.h"
#include "command_line/complaint.h"

namespace zonda::cli {
namespace {

struct Places {
  std::string data;
  std::string to;
};

Option data_option(Places& places) {
  return option::configurable(option::text("data", 0, "DIR", "the broker's data directory", places.data));
}

Option to_option(Places& places) {
  return option::text("to", 0, "NEWDIR", "where to; made if it is not there", places.to);
}

void require(const std::string& value, const char* name) {
  if (value.empty())
    throw Complaint(ExitCode::Usage, std::string("--") + name + " is missing",
                    std::string("it names a directory: --") + name + " DIR");
}

constexpr const char* kVerifyHint = "'zonda broker verify --data DIR' says more";
constexpr const char* kUnreadableHint = "whether it can be read is a matter of the disk and of permissions";
std::string hint_of(const StoreError& error, const char* otherwise) {
  return error.advice.empty() ? otherwise : error.advice;
}

// What a store says, as the tool says it.
template <class F>
auto with_store(const char* hint, F&& f) try {
  return f();
} catch (const StoreNotFound& error) {
  throw Complaint(ExitCode::NotFound, error.what(), "--data DIR is the one 'zonda broker start' was given");
} catch (const StoreRefused& error) {
  throw Complaint(
      ExitCode::Refused, error.what(),
      hint_of(error, "the broker must not run; one that runs is copied by 'zonda broker backup --to DIR'"));
} catch (const StoreError& error) {
  throw Complaint(ExitCode::Failure, error.what(), hint_of(error, hint));
}

Json json_of(const char* schema, const StoreReport& report, const char* wrong) {
  Json json{{"schema", schema},
            {"ok", report.wrong_count == 0},
            {"store", to_string(report.state.store)},
            {"epoch", report.state.epoch},
            {"commit", report.state.commit},
            {"rows", report.state.rows},
            {"jobs", report.jobs}};
  json[std::string(wrong) + "_count"] = report.wrong_count;
  json[wrong] = report.wrong;
  return json;
}

std::string text_of(const StoreReport& report) {
  return "store " + to_string(report.state.store) + ", epoch " + std::to_string(report.state.epoch) + ", " +
         std::to_string(report.jobs) + " jobs in " + std::to_string(report.state.rows) + " rows";
}

void print_list_of(Environment& environment, const StoreReport& report) {
  for (const std::string& each : report.wrong) environment.out.write(each + "\n");
  if (report.wrong_count > report.wrong.size())
    environment.out.write("and " + std::to_string(report.wrong_count - report.wrong.size()) + " more\n");
}

// The broker answers when the copy is there and was read.
void back_up_running(Environment& environment, const std::string& to) {
  constexpr std::chrono::hours kPatience{24};
  BrokerLink(environment).ask("broker.backup", Json{{"to", to}}, kPatience);
}

}  // namespace

Command broker_verify_command(Environment& environment) {
  auto places = std::make_shared<Places>();
  Command command{.name = "verify",
                  .summary = "Reads a whole store and says what is damaged: exit code 0 is whole, 1 is not.",
                  .operands = "",
                  .examples = "zonda broker verify --data /var/lib/zonda"};
  command.section = "broker";
  command.options = {data_option(*places)};
  command.notes = "The broker must not run. Nothing is changed.";
  command.run = [&environment, places](const std::vector<std::string>&) {
    require(places->data, "data");
    const StoreReport report = with_store(kUnreadableHint, [&] { return verify_store(places->data); });
    const bool whole = report.wrong_count == 0;
    if (environment.json())
      environment.out.write(to_text(json_of("zonda.broker.verify/1", report, "wrong")) + "\n");
    else if (whole)
      environment.out.write("ok: " + text_of(report) + "\n");
    else
      print_list_of(environment, report);
    if (!whole && !environment.json())
      environment.say("the store in " + places->data +
                      " is damaged; what is whole is copied by: zonda broker salvage --data " + places->data +
                      " --to NEW");
    return to_int(whole ? ExitCode::Ok : ExitCode::Failure);
  };
  return command;
}

Command broker_backup_command(Environment& environment) {
  auto places = std::make_shared<Places>();
  Command command{.name = "backup",
                  .summary = "Copies the store of a broker, while it runs, or of one that does not.",
                  .operands = "",
                  .examples =
                      "zonda broker backup --to /backup/zonda-monday\n"
                      "zonda broker backup --data /var/lib/zonda --to /backup/zonda-monday"};
  command.options = {option::text("data", 0, "DIR", "of a broker that does not run", places->data),
                     to_option(*places)};
  command.notes =
      "Without --data the broker copies its own store while it goes on; DIR is on its machine, and all that "
      "was\n"
      "acknowledged before is in the copy. With --data the broker must not run.\n"
      "The copy is a store with the same id and epoch. Never run brokers on both: they would issue the same\n"
      "tokens.";
  command.run = [&environment, places](const std::vector<std::string>&) {
    require(places->to, "to");
    if (places->data.empty())
      back_up_running(environment, std::filesystem::absolute(places->to));
    else
      with_store(kVerifyHint, [&] { backup_store(places->data, places->to); });
    if (environment.json())
      environment.out.write(to_text(Json{{"schema", "zonda.broker.backup/1"}, {"to", places->to}}) + "\n");
    return to_int(ExitCode::Ok);
  };
  return command;
}

Command broker_salvage_command(Environment& environment) {
  auto places = std::make_shared<Places>();
  Command command{.name = "salvage",
                  .summary =
                      "Copies what is whole of a damaged store and lists what was lost: exit code 0 is "
                      "nothing, 1 is something.",
                  .operands = "",
                  .examples = "zonda broker salvage --data /var/lib/zonda --to /var/lib/zonda-new"};
  command.section = "broker";
  command.options = {data_option(*places), to_option(*places)};
  command.notes =
      "The damaged store stays as it is. Tasks whose arguments or outcome are lost end as lost in the new "
      "one.";
  command.run = [&environment, places](const std::vector<std::string>&) {
    require(places->data, "data");
    require(places->to, "to");
    const StoreReport report =
        with_store(kVerifyHint, [&] { return salvage_store(places->data, places->to); });
    const bool whole = report.wrong_count == 0;
    if (environment.json())
      environment.out.write(to_text(json_of("zonda.broker.salvage/1", report, "lost")) + "\n");
    else
      print_list_of(environment, report);
    if (!environment.json())
      environment.say(whole ? "nothing was lost: " + text_of(report)
                            : "salvaged: " + text_of(report) + "; what was lost is above");
    return to_int(whole ? ExitCode::Ok : ExitCode::Failure);
  };
  return command;
}

}  // namespace zonda::cli
