// Puts a history into a store and says on stdout what is committed, as a broker acknowledges it.
//   store_driver DIR SEED COMMITS FROM DURABILITY    "committed N" lines; exit code 3: the store failed
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "broker/store/sqlite_store.h"
#include "broker/store/store_error.h"
#include "tests/contract/store_under_test.h"
#include "tests/disk/history.h"

using namespace zonda;

namespace {

void say(const std::string& line) {
  if (::write(1, line.data(), line.size()) != static_cast<ssize_t>(line.size())) std::_Exit(2);
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 6) return 2;
  const History history(std::strtoull(argv[2], nullptr, 10), std::strtoull(argv[3], nullptr, 10));
  const Durability durability = std::strcmp(argv[5], "batch") == 0 ? Durability::Batch : Durability::Fsync;
  const auto store = SqliteStore::open(DataDirectory::open(argv[1], true), {durability, 10});
  say("open\n");
  std::uint64_t waiting = 0;
  std::size_t said = std::strtoull(argv[4], nullptr, 10);
  for (std::size_t number = said + 1; number <= history.size(); ++number) {
    const std::uint64_t commit = store->commit(history.commit(number));
    if (waiting != 0) {  // one commit is always on its way, as in a broker
      wait_until_committed(*store, waiting);
      say("committed " + std::to_string(++said) + "\n");
    }
    waiting = commit;
  }
  if (waiting != 0) {
    wait_until_committed(*store, waiting);
    say("committed " + std::to_string(++said) + "\n");
  }
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 3;
}
