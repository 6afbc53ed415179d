// zonda submit: leaves work with the broker and prints the id of its job.
#include <memory>

#include "cli/array_range.h"
#include "cli/broker_link.h"
#include "cli/command_template.h"
#include "cli/commands/commands.h"
#include "cli/signal_watch.h"
#include "cli/task_options.h"

namespace zonda::cli {
namespace {

struct SubmitSettings {
  TaskOptions task;
  std::string array;
};

void append_tasks(JobChannel& channel, const SubmitSettings& settings,
                  const std::vector<std::string>& words) {
  const CommandTemplate command(words, settings.task.shell, WithoutMark::LeaveAlone);
  ExecRequest request = exec_request(settings.task);
  if (settings.array.empty()) {
    request.argv = command.fill("{}");
    channel.append(encode_exec_arguments(request));
  } else {
    for (const std::uint64_t index : parse_array(settings.array)) {
      request.argv = command.fill(std::to_string(index));
      request.index = index;
      channel.append(encode_exec_arguments(request));
    }
  }
  channel.close();
}

// An id is printed only when the broker has stored everything.
void wait_until_stored(JobChannel& channel, BrokerLink& link, const SignalWatch& signals) {
  while (!channel.wait_accepted(std::chrono::milliseconds(200))) {
    if (signals.interrupted())
      throw Complaint(signals.exit_code(), "interrupted before everything was stored");
    while (const std::optional<JobEvent> event = channel.next(std::chrono::milliseconds(0))) {
      const auto* end = std::get_if<JobEnd>(&*event);
      if (end != nullptr && end->failure) throw link.complaint_of(*end->failure);
      if (end != nullptr) return;
    }
  }
}

int submit(Environment& environment, const SubmitSettings& settings, const std::vector<std::string>& words) {
  SignalWatch signals;
  BrokerLink link(environment);
  link.require_connected();
  JobSpec spec = exec_spec(settings.task);
  spec.detached = true;
  const std::unique_ptr<JobChannel> channel = link.open(spec);
  append_tasks(*channel, settings, words);
  wait_until_stored(*channel, link, signals);
  const std::string id = to_string(channel->id());
  if (environment.json())
    environment.out.write(to_text(Json{{"schema", "zonda.submit/1"},
                                       {"job", id},
                                       {"tasks", channel->appended()},
                                       {"durability", link.broker().value_or(BrokerFacts{}).durability}}) +
                          "\n");
  else
    environment.out.write(id + "\n");
  return 0;
}

}  // namespace

Command submit_command(Environment& environment) {
  auto settings = std::make_shared<SubmitSettings>();
  Command command{
      .name = "submit",
      .summary = "Leaves a command, or an array of them, with the broker and prints the job's id.",
      .operands = "-- CMD …",
      .examples =
          "zonda submit -- ./nightly.sh\n"
          "job=$(zonda submit --array 0-99 -- ./simulate --seed {})\n"
          "zonda job wait $job && zonda job result $job",
      .operands_min = 1,
      .operands_max = kManyOperands,
      .takes_command = true};
  Option array = option::text(
      "array", 0, "RANGE", "a task for each of 0-99, 1-10:2 or 1,5,9: {} and $ZONDA_INDEX", settings->array);
  array.set = [settings](const std::string& given) {
    parse_array(given);  // complains before anything is opened, and of nothing given
    settings->array = given;
  };
  command.options = {array};
  add_task_options(command, settings->task);
  command.run = [&environment, settings](const std::vector<std::string>& words) {
    return submit(environment, *settings, words);
  };
  return command;
}

}  // namespace zonda::cli
