// Rows of 1 KiB, so many a commit and two commits on their way, as a broker does it. In /var/tmp: what is
// measured is a disk.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <filesystem>

#include "broker/store/memory_store.h"
#include "broker/store/sqlite_store.h"
#include "tests/contract/store_under_test.h"

namespace zonda {
namespace {

// Gone with its object.
class Directory {
 public:
  ~Directory() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_ = "/var/tmp/zonda-micro-" + std::to_string(getpid());
};

void commit_rows(benchmark::State& state, Store& store) {
  commit(store, {opened(1)});
  const record::Appended row = appended(1, 0, 1, std::string(1'000, 'x'));
  std::uint64_t first = 0, before = 0;
  for (auto _ : state) {
    std::vector<Record> records(static_cast<std::size_t>(state.range(0)), row);
    for (Record& each : records) std::get<record::Appended>(each).first = first++;
    const std::uint64_t number = store.commit(std::move(records));
    if (before != 0) wait_until_committed(store, before);
    before = number;
  }
  wait_until_committed(store, before);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void memory(benchmark::State& state) {
  MemoryStore store;
  commit_rows(state, store);
}
BENCHMARK(memory)->Arg(1)->Arg(64)->UseRealTime();

void on_disk(benchmark::State& state, Durability durability) {
  const Directory directory;
  const auto store = SqliteStore::open(DataDirectory::open(directory.path(), true), {durability});
  commit_rows(state, *store);
}
BENCHMARK_CAPTURE(on_disk, fsync, Durability::Fsync)->Arg(1)->Arg(64)->Arg(1'024)->UseRealTime();
BENCHMARK_CAPTURE(on_disk, batch, Durability::Batch)->Arg(1)->Arg(64)->Arg(1'024)->UseRealTime();

}  // namespace
}  // namespace zonda
