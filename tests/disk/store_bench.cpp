// How fast a store takes rows of 1 KiB, with so many a commit and two commits on their way.
//   store_bench DIR ROWS_PER_COMMIT COMMITS [batch]
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "broker/store/sqlite_store.h"
#include "tests/contract/store_under_test.h"

using namespace zonda;

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  const std::uint64_t rows = std::strtoull(argv[2], nullptr, 10);
  const std::uint64_t commits = std::strtoull(argv[3], nullptr, 10);
  const auto store = SqliteStore::open(DataDirectory::open(argv[1], true),
                                       {argc > 4 ? Durability::Batch : Durability::Fsync});
  commit(*store, {opened(1)});
  const record::Appended row = appended(1, 0, 1, std::string(1'000, 'x'));
  const auto began = std::chrono::steady_clock::now();
  std::uint64_t first = 0;
  std::uint64_t before = 0;
  for (std::uint64_t number = 0; number < commits; ++number) {
    std::vector<Record> records(rows, row);
    for (Record& each : records) std::get<record::Appended>(each).first = first++;
    const std::uint64_t commit = store->commit(std::move(records));
    if (before != 0) wait_until_committed(*store, before);
    before = commit;
  }
  wait_until_committed(*store, before);
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - began;
  std::printf("%.0f rows/s, %.0f commits/s, %.3f ms each\n", static_cast<double>(first) / time.count(),
              static_cast<double>(commits) / time.count(), 1e3 * time.count() / static_cast<double>(commits));
}
