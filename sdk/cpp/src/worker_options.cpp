#include "sdk/cpp/src/worker_options.h"

#include <CLI/CLI.hpp>

#include "sdk/cpp/src/duration_text.h"

namespace zonda {
namespace {

// "k=v" into a map.
template <class V, class Convert>
auto into(std::map<std::string, V>& map, Convert convert) {
  return [&map, convert](const std::vector<std::string>& pairs) {
    for (const std::string& pair : pairs) {
      const std::size_t equals = pair.find('=');
      if (equals == 0 || equals == std::string::npos)
        throw CLI::ValidationError(pair, "is not of the form k=v");
      map[pair.substr(0, equals)] = convert(pair.substr(equals + 1));
    }
    return true;
  };
}

double number_of(const std::string& text) {
  std::size_t used = 0;
  const double value = std::stod(text, &used);
  if (used != text.size()) throw CLI::ValidationError(text, "is not a number");
  return value;
}

}  // namespace

void WorkerOptions::add_to(CLI::App& app) {
  app.add_option("-b,--broker", settings.broker, "tcp://host:port or ipc:///dir")->envname("ZONDA_BROKER");
  app.add_option("--slots", settings.slots, "tasks at a time; default: one per core")
      ->check(CLI::Range(1, 65'536))
      ->envname("ZONDA_SLOTS");
  app.add_option_function<std::string>(
         "--isolation",
         [this](const std::string& text) {
           settings.isolation = text == "thread" ? Isolation::Thread : Isolation::Process;
         },
         "process (default) or thread")
      ->check(CLI::IsMember({"process", "thread"}))
      ->envname("ZONDA_ISOLATION");
  app.add_option("--name", settings.name, "unique among workers; default: HOST-PID")->envname("ZONDA_NAME");
  app.add_option("--queue", settings.queues, "takes tasks of this queue; may be repeated")
      ->envname("ZONDA_QUEUE");
  app.add_option_function<std::vector<std::string>>(
      "--label", into(settings.labels, [](const std::string& text) { return text; }), "k=v; may be repeated");
  app.add_option_function<std::vector<std::string>>("--resource", into(settings.resources, number_of),
                                                    "k=amount; may be repeated");
  app.add_option_function<std::string>(
         "--drain-timeout",
         [this](const std::string& text) {
           const auto duration = parse_duration(text);
           if (!duration) throw CLI::ValidationError(text, "is not a duration like 500ms, 30s, 5m or 1h");
           settings.drain_timeout = *duration;
         },
         "how long running tasks may take to end; default 30s")
      ->envname("ZONDA_DRAIN_TIMEOUT");
  app.add_flag("--no-exec", no_exec, "serve bound functions only, no commands");
  app.add_flag("--quiet", settings.quiet, "log warnings and errors only");
}

}  // namespace zonda
