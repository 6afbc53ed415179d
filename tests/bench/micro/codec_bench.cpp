// Frames of bulk messages: encoding and decoding do not depend on the number of tasks but for their bytes.
#include <benchmark/benchmark.h>

#include "proto/frame.h"

namespace zonda {
namespace {

// So many arguments of 8 bytes.
struct Arguments {
  explicit Arguments(std::int64_t count) : payloads(static_cast<std::size_t>(8 * count), 'x') {
    for (std::int64_t each = 0; each < count; ++each) lengths.append("\x08\0\0\0", 4);
  }
  Column column() const { return {lengths, payloads}; }

  std::string lengths;
  std::string payloads;
};

Tasks tasks_of(const Arguments& arguments) {
  TaskRange range;
  range.function = "zonda.bench.number";
  range.signature = "(int) -> int";
  range.arguments = arguments.column();
  return {{range}};
}

void encode_tasks(benchmark::State& state) {
  const Arguments arguments(state.range(0));
  const Message message = tasks_of(arguments);
  for (auto _ : state) benchmark::DoNotOptimize(encode(Header{1, 2, 3, 4, 5}, message));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(encode_tasks)->Arg(1)->Arg(64)->Arg(1'024);

void decode_tasks(benchmark::State& state) {
  const Arguments arguments(state.range(0));
  const std::string frame = encode(Header{1, 2, 3, 4, 5}, tasks_of(arguments));
  for (auto _ : state) benchmark::DoNotOptimize(decode(frame));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(decode_tasks)->Arg(1)->Arg(64)->Arg(1'024);

void walk_a_column(benchmark::State& state) {
  const Arguments arguments(state.range(0));
  for (auto _ : state) {
    std::size_t bytes = 0;
    for_each_value(arguments.column(), [&](std::uint32_t, std::string_view value) { bytes += value.size(); });
    benchmark::DoNotOptimize(bytes);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(walk_a_column)->Arg(64)->Arg(1'024);

}  // namespace
}  // namespace zonda
