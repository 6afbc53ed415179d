// Runs typed tasks on a broker's workers. Thread-safe. Never prints, never aborts its host; callbacks run on
// a thread of its own, one at a time.
//
//   zonda::Client client;                                                 // $ZONDA_BROKER, else this machine
//   zonda::Future<std::int64_t> f = client.submit(fn::square(7));
//   for (std::int64_t v : client.map(fn::square, inputs)) use(v);
//
// Two threads each; a process needs one client. Not to be used in a child made by fork().
#pragma once

#include <zonda/bytes.h>
#include <zonda/call.h>
#include <zonda/client_options.h>
#include <zonda/detail/range_source.h>
#include <zonda/function.h>
#include <zonda/future.h>
#include <zonda/map_options.h>
#include <zonda/results.h>

#include <memory>
#include <ranges>
#include <string_view>
#include <utility>

namespace zonda {

namespace detail {

class Engine;

std::shared_ptr<TaskState> submit(Engine& engine, CallParts parts);
std::unique_ptr<OutcomeReader> start_map(Engine& engine, std::string_view function,
                                         const std::string& signature, const MapOptions& options,
                                         std::unique_ptr<InputSource> source);
std::unique_ptr<OutcomeReader> start_attach(Engine& engine, const JobId& job);

}  // namespace detail

class Client {
 public:
  // These connect when there is something to say, and again whenever the connection breaks. They throw Error
  // if the address or the name is malformed, and for nothing else.
  Client();  // $ZONDA_BROKER, else tcp://127.0.0.1:5570
  explicit Client(std::string_view address);
  explicit Client(ClientOptions options);

  // Cancels what is not detached. Waits at most 1 s, for detached tasks that the broker has not stored yet.
  // Futures that are not ready then fail as cancelled.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Returns at once, unless 64 MiB of work wait to be accepted. Errors arrive through the future: Rejected,
  // Unreachable, Unauthorized, or the task's own.
  template <class R>
  Future<R> submit(Call<R> call) {
    return Future<R>(detail::submit(*engine_, std::move(call).parts()));
  }

  // A task for each element of a range, which may be infinite; see results.h for when it is pulled. A range
  // given as an rvalue is owned by the results; any other must outlive them.
  template <class R, class... A, std::ranges::input_range Range>
  Results<R> map(const Function<R(A...)>& function, Range&& range, const MapOptions& options = {}) {
    static_assert(sizeof...(A) == 1, "zonda: map() is for functions of one argument, starmap() for others");
    return start<false>(function, std::forward<Range>(range), options);
  }

  // The same for a range of tuples (or pairs, or arrays), one element per argument.
  template <class R, class... A, std::ranges::input_range Range>
  Results<R> starmap(const Function<R(A...)>& function, Range&& range, const MapOptions& options = {}) {
    return start<true>(function, std::forward<Range>(range), options);
  }

  // The outcomes of a job that somebody submitted, from the first on, until it is closed and all are there.
  // An unknown job is Rejected. Ending early leaves the job alone. It is for jobs that are detached: others
  // forget outcomes that their owner has got.
  template <class R>
  Results<R> attach(const JobId& job) {
    return Results<R>(detail::start_attach(*engine_, job));
  }

  // Asks to cancel a job, this client's or another's. Does not wait; if it fails, on_log says so. Calls of
  // one function and options that were submitted one by one share a job: Future::cancel() ends a single one.
  void cancel(const JobId& job);

  // A function by name, whatever its signature: `arguments` is one msgpack array, and the value is the result
  // as msgpack. Throws Error if the name or the array is malformed.
  Future<Bytes> call(std::string_view function, const Bytes& arguments);

 private:
  friend class ClientAccess;

  template <bool kSpread, class R, class... A, class Range>
  Results<R> start(const Function<R(A...)>& function, Range&& range, const MapOptions& options) {
    using View = std::views::all_t<Range>;
    return Results<R>(detail::start_map(*engine_, function.name(), function.signature(), options,
                                        std::make_unique<detail::RangeSource<kSpread, View, A...>>(
                                            std::views::all(std::forward<Range>(range)))));
  }

  std::shared_ptr<detail::Engine> engine_;
};

}  // namespace zonda
