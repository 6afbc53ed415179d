#include "worker/worker_main.h"

#include <signal.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <random>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "command_line/exit_code.h"
#include "proto/frame.h"
#include "proto/limits.h"
#include "proto/wire/cookie.h"
#include "proto/wire/daemon_log.h"
#include "proto/wire/descriptor_limit.h"
#include "proto/wire/heap.h"
#include "proto/wire/signals.h"
#include "proto/wire/zmq_context.h"
#include "proto/wire/zmq_peer_wire.h"
#include "worker/agent.h"
#include "worker/enrolment.h"
#include "worker/executor/process_executor.h"
#include "worker/executor/thread_executor.h"
#include "worker/restart.h"
#include "worker/spool/file_spool.h"
#include "worker/worker_hello.h"

namespace zonda {
namespace {

using std::chrono::steady_clock;

constexpr std::uint64_t kDescriptors = 48;       // of an agent without slots, libzmq's included
constexpr std::uint64_t kDescriptorsOfSlot = 4;  // socket, pidfd and stderr of a child, or a command's pipes

std::string broker_of(const WorkerSettings& settings) {
  if (!settings.broker.empty()) return settings.broker;
  const char* fallback = std::getenv("ZONDA_BROKER");
  return fallback != nullptr && *fallback != '\0' ? fallback : "tcp://127.0.0.1:5570";
}

// libzmq ends the process where it gets none, so what may be needed is asked for first.
void require_descriptors(std::uint32_t slots) {
  const std::uint64_t needed = kDescriptors + std::uint64_t{slots} * kDescriptorsOfSlot;
  const std::uint64_t allowed = raise_descriptor_limit();
  if (allowed >= needed) return;
  throw std::runtime_error(std::to_string(slots) + " slots need " + std::to_string(needed) +
                           " open files, and " + std::to_string(allowed) +
                           " are allowed: raise the limit (ulimit -n) or use fewer --slots");
}

// How its end is told to whoever started it.
cli::ExitCode exit_code_of(const WorkerCore& core) {
  if (core.is_orphaned()) return cli::ExitCode::Unreachable;
  if (!core.refused()) return cli::ExitCode::Ok;
  return core.refused()->code == RefuseCode::NotAuthorised ? cli::ExitCode::NotAuthorised
                                                           : cli::ExitCode::Refused;
}

std::unique_ptr<Executor> executor_of(Isolation isolation, int slots, const Handlers& handlers) {
  if (isolation == Isolation::Thread) return std::make_unique<ThreadExecutor>(slots, handlers);
  ProcessExecutorOptions options;
  options.slots = slots;
  return std::make_unique<ProcessExecutor>(options);
}

// Throws if the directory that was asked for cannot be used; the default one may be missing on a small host.
std::unique_ptr<FileSpool> spool_of(const WorkerSettings& settings) {
  if (settings.spool_max == 0) return nullptr;
  ::signal(SIGXFSZ, SIG_IGN);  // a limit on files is an error of that write
  try {
    return std::make_unique<FileSpool>(settings.spool.empty() ? default_spool_directory() : settings.spool,
                                       settings.spool_max);
  } catch (const std::runtime_error& error) {
    if (!settings.spool.empty()) throw;
    spdlog::warn("no-spool {}; outcomes wait in memory", error.what());
    return nullptr;
  }
}

struct End {
  int code = 0;
  bool is_to_restart = false;
  bool has_user_code = false;  // in this process, that did not end
};

End serve(const WorkerSettings& settings, const Handlers& handlers, Signals& signals,
          ServiceManager& service) {
  const BaseAddress broker = parse_addresses(broker_of(settings)).front();
  require_connectable(broker);
  require_descriptors(slots_of(settings));
  keep_freed_memory();
  std::random_device device;
  std::mt19937_64 random((std::uint64_t{device()} << 32) ^ device());
  const Hello hello = hello_of(settings, handlers, broker, random);
  if (hello.functions.empty()) throw std::runtime_error("this worker serves no function");
  if (const std::size_t bytes = encode(Header{}, hello).size(); bytes > kControlFrameBytesMax)
    throw std::runtime_error(
        "this worker offers too much: its functions, labels, queues and resources have " +
        std::to_string(bytes) + " bytes, at most " + std::to_string(kControlFrameBytesMax) +
        " can be announced");
  const std::unique_ptr<Executor> executor =
      executor_of(settings.isolation, static_cast<int>(hello.slots), handlers);  // before libzmq's threads
  ZmqContext context;
  const KeyAnswer key = key_of(context, settings, broker, signals);
  if (!key.refusal.empty()) {
    spdlog::error("the broker refused this worker: {}", key.refusal);
    return {to_int(cli::ExitCode::NotAuthorised)};
  }
  if (key.is_interrupted) return {};
  PeerWireOptions options;
  options.address = broker.endpoint(Port::Back);
  options.tells_denials = true;
  options.keys = key.keys;
  options.wake_ups = {signals.fd(), executor->event_fd()};
  ZmqPeerWire wire(context, options);
  const std::unique_ptr<FileSpool> spool = spool_of(settings);
  WorkerConfig config;
  config.orphan_timeout = settings.orphan_timeout;
  WorkerCore core(hello, random(), *executor, config, spool.get());
  WorkerLoop loop(core, wire, broker);
  spdlog::info("worker-start name={} broker={} slots={} functions={}", hello.name, broker.text(), hello.slots,
               hello.functions.size());
  Agent agent(core, loop, *executor, signals, OutboxWatch(core.outbox(), spool.get()), service,
              {settings.drain_timeout, settings.idle_timeout});
  service.ready("not connected yet");
  agent.run();
  if (core.welcome().epoch != 0) keep_key(key);
  if (core.refused()) {
    const bool is_about_key = core.refused()->code == RefuseCode::NotAuthorised;
    const std::string hint = is_about_key ? hint_about_key(settings) : "";
    spdlog::error("the broker refused this worker: {}{}", core.refused()->text,
                  hint.empty() ? "" : " (" + hint + ")");
  } else {
    spdlog::info("worker-left name={} tasks={}", hello.name, core.tasks_finished());
  }
  if (!core.outbox().empty() && !core.is_orphaned())
    spdlog::warn("outcomes-dropped tasks={} the broker did not take them in time", core.outbox().tasks());
  return {to_int(exit_code_of(core)), agent.is_to_restart(),
          settings.isolation == Isolation::Thread && (core.tasks_held() > 0 || executor->is_stuck())};
}

}  // namespace

int run_worker(const WorkerSettings& settings, const Handlers& handlers) {
  begin_daemon_log("worker", settings.quiet);
  Signals signals;
  ServiceManager service;
  const End end = serve(settings, handlers, signals, service);
  if (end.is_to_restart) {
    if (!settings.join.empty()) setenv("ZONDA_JOIN", settings.join.c_str(), 1);
    service.hand_over();
    restart_program();
    spdlog::error("cannot start anew: {}", std::generic_category().message(errno));
    _exit(to_int(cli::ExitCode::Failure));
  }
  if (end.has_user_code) _exit(end.code);  // a normal exit would destroy globals under it
  return end.code;
}

}  // namespace zonda
