// zonda map: the inputs of stdin or a file, one task each.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "cli/commands/commands.h"
#include "cli/commands/map_run.h"
#include "command_line/complaint.h"

namespace zonda::cli {
namespace {

class InputFile {
 public:
  explicit InputFile(const std::string& path)
      : fd_(path.empty() || path == "-" ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (fd_ < 0) throw Complaint(ExitCode::Failure, "cannot read " + path + ": " + std::strerror(errno));
  }
  ~InputFile() {
    if (fd_ != STDIN_FILENO) close(fd_);
  }
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

struct MapSettings {
  MapOptions options;
  std::string file;
  bool zero = false;
};

int map(Environment& environment, MapSettings& settings, const std::vector<std::string>& words) {
  if (settings.options.task.stdin_file == "-" && settings.file.empty())
    throw Complaint(ExitCode::Usage, "standard input holds the inputs, so it cannot be that of the tasks",
                    "-a FILE reads the inputs from a file");
  settings.options.command = words;
  settings.options.delimiter = settings.zero ? '\0' : '\n';
  InputFile file(settings.file);
  settings.options.input_fd = file.fd();
  SignalWatch signals;  // before the connection: its threads inherit the mask
  BrokerLink link(environment);
  return to_int(MapRun(environment, link, signals, settings.options).run());
}

}  // namespace

Command map_command(Environment& environment) {
  auto settings = std::make_shared<MapSettings>();
  Command command{.name = "map",
                  .summary = "Runs a command once for each line of standard input, on all workers.",
                  .operands = "-- CMD … {} …",
                  .examples =
                      "ls *.wav | zonda map -- flac --silent {}\n"
                      "find . -name '*.log' -print0 | zonda map -0 -- gzip\n"
                      "seq 100 | zonda map --shell -- './simulate {} > out-{}.txt'\n"
                      "zonda map -a urls.txt -o jsonl --retries 2 --timeout 30s -- curl -sS",
                  .operands_min = 1,
                  .operands_max = kManyOperands,
                  .takes_command = true};
  command.options = {
      option::text("arg-file", 'a', "FILE", "read the inputs from a file", settings->file),
      option::flag("null", '0', "inputs end with a zero byte, not a line end", settings->zero),
      option::flag("unordered", 0, "print outputs as they come, not in input order",
                   settings->options.unordered),
      option::flag("tag", 0, "put the input before each line of output", settings->options.tag)};
  add_task_options(command, settings->options.task);
  command.run = [&environment, settings](const std::vector<std::string>& words) {
    return map(environment, *settings, words);
  };
  return command;
}

}  // namespace zonda::cli
