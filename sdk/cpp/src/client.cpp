#include <zonda/client.h>
#include <zonda/detail/name.h>
#include <zonda/detail/reader.h>
#include <zonda/error.h>

#include <string>
#include <utility>

#include "sdk/cpp/src/engine.h"
#include "sdk/cpp/src/job_specs.h"
#include "sdk/cpp/src/job_stream.h"
#include "sdk/cpp/src/new_job_id.h"

namespace zonda {

namespace detail {

std::shared_ptr<TaskState> submit(Engine& engine, CallParts parts) {
  return engine.intake()->submit(std::move(parts));
}

std::unique_ptr<OutcomeReader> start_map(Engine& engine, std::string_view function,
                                         const std::string& signature, const MapOptions& options,
                                         std::unique_ptr<InputSource> source) {
  JobSpec spec = job_spec_of(function, signature, options);
  auto stream = std::make_shared<JobStream>(engine.intake(), new_job_id(), true);
  stream->open(std::move(spec), stream);
  return std::make_unique<OutcomeReader>(std::move(stream), std::move(source));
}

// Read from the first call of next() on: in which order is known then.
std::unique_ptr<OutcomeReader> start_attach(Engine& engine, const JobId& job) {
  return std::make_unique<OutcomeReader>(std::make_shared<JobStream>(engine.intake(), job, false), nullptr);
}

void check_array(std::string_view arguments) {
  try {
    Reader reader(arguments);
    for (std::uint32_t left = reader.array(); left > 0; --left) reader.skip();
    reader.expect_end();
  } catch (const DecodeError& error) {
    throw Error(std::string("the arguments are not one msgpack array: ") + error.what());
  }
}

}  // namespace detail

Client::Client() : Client(ClientOptions{}) {}
Client::Client(std::string_view address)
    : Client(ClientOptions{.broker = std::string(address.empty() ? "\"\"" : address)}) {
}  // a mistake, not a wish
Client::Client(ClientOptions options) : engine_(std::make_shared<detail::Engine>(options)) {}
Client::~Client() { engine_->shut_down(); }

void Client::cancel(const JobId& job) { engine_->intake()->cancel(job); }

Future<Bytes> Client::call(std::string_view function, const Bytes& arguments) {
  if (!detail::is_name(function)) detail::refuse_function_name(function);
  detail::CallParts parts;
  parts.function = function;
  parts.arguments.assign(reinterpret_cast<const char*>(arguments.data()), arguments.size());
  detail::check_array(parts.arguments);
  std::shared_ptr<detail::TaskState> task = detail::submit(*engine_, std::move(parts));
  task->set_raw();
  return Future<Bytes>(std::move(task));
}

}  // namespace zonda
