// Damages copies of a small store, and looks at what its opening says.
//   damage flip --count N [--seed S]       random bits of its files
//   damage truncate --stride N [--seed S]  its files end early, at every N-th byte
//   damage page [--seed S]                 each page of its files is overwritten
// With --commits N it is not so small.
// Each is detected (refused by name), harmless (everything is there), or WRONG; then the exit code is 1.
// What is detected is salvaged: all of it, a part, or nothing. It is WRONG if the new store is not whole, or
// has not all though nothing is said to be lost.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <random>

#include "broker/store/sqlite_store.h"
#include "broker/store/store_error.h"
#include "broker/store/store_inspection.h"
#include "tests/contract/store_under_test.h"
#include "tests/disk/history.h"

using namespace zonda;

namespace {

constexpr std::size_t kMore = 3;  // commits after the damage: a store that opens must also work

using Files = std::map<std::string, std::string>;  // by name
const char* const kNames[] = {"store.sqlite", "store.sqlite-wal", "head"};

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc).write(bytes.data(), std::ssize(bytes));
}

struct Campaign {
  Campaign(std::uint64_t seed, std::size_t of_commits)
      : commits(of_commits), random(seed), history(seed, commits + kMore) {
    std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  }

  // The files of a store in the middle of its work (`live`), or after it was closed.
  Files make(bool live) const {
    TempDirectory directory(TempDirectory::in_memory());
    const std::string path = directory / "data";
    auto store = SqliteStore::open(DataDirectory::open(path, false), {Durability::Fsync, 12});
    for (std::size_t number = 1; number <= commits; ++number) commit(*store, history.commit(number));
    if (!live) store.reset();
    Files files;
    for (const char* name : kNames) {
      if (std::filesystem::exists(path + "/" + name)) files[name] = read_file(path + "/" + name);
    }
    for (const auto& [name, bytes] : files) std::printf("  %s: %zu bytes\n", name.c_str(), bytes.size());
    return files;
  }

  // Empty: everything is there, and it can go on. "WRONG …": it is not, and nothing said so. Else what it
  // says.
  std::string verdict(const Files& files) const {
    std::filesystem::remove_all(place.path());
    std::filesystem::create_directory(place.path());
    for (const auto& [name, bytes] : files) write_file(place / name, bytes);
    try {
      {
        const auto store =
            SqliteStore::open(DataDirectory::open(place.path(), false), {Durability::Fsync, 12});
        if (!history.place_of(*store, commits)) return "WRONG: other contents";
        for (std::size_t more = 1; more <= kMore; ++more) commit(*store, history.commit(commits + more));
      }
      const auto store = SqliteStore::open(DataDirectory::open(place.path(), false), {Durability::Fsync, 12});
      return history.place_of(*store, commits + kMore) ? "" : "WRONG: other contents after more work";
    } catch (const std::runtime_error& error) {
      return error.what();
    }
  }

  // Of the files that were refused. As verdict().
  std::string salvage_verdict() {
    const TempDirectory to(TempDirectory::in_memory());
    try {
      const StoreReport report = salvage_store(place.path(), to / "new");
      if (verify_store(to / "new").wrong_count > 0) return "WRONG: the salvaged store is damaged";
      const auto store = SqliteStore::open(DataDirectory::open(to / "new", false));
      ++(report.wrong_count == 0 ? all_saved : part_saved);
      if (report.wrong_count == 0 && !history.place_of(*store, commits))
        return "WRONG: salvaged other contents";
      return "";
    } catch (const StoreError&) {
      ++nothing_saved;
      return "";
    }
  }

  void count(const std::string& what, std::string verdict) {
    if (verdict.empty()) {
      ++harmless;
    } else if (!verdict.starts_with("WRONG")) {
      ++detected;
      verdict = salvage_verdict();
    }
    if (verdict.starts_with("WRONG")) ++wrong, std::printf("%s: %s\n", what.c_str(), verdict.c_str());
  }

  int report() const {
    std::printf("detected %llu, harmless %llu, WRONG %llu\n", static_cast<unsigned long long>(detected),
                static_cast<unsigned long long>(harmless), static_cast<unsigned long long>(wrong));
    std::printf("salvaged all %llu, a part %llu, nothing %llu\n", static_cast<unsigned long long>(all_saved),
                static_cast<unsigned long long>(part_saved), static_cast<unsigned long long>(nothing_saved));
    return wrong == 0 ? 0 : 1;
  }

  void flip(std::uint64_t times) {
    const Files kinds[] = {make(true), make(false)};
    for (std::uint64_t left = times; left > 0; --left) {
      const std::size_t kind = random() % 2;
      Files files = kinds[kind];
      const auto file = std::next(files.begin(), static_cast<std::ptrdiff_t>(random() % files.size()));
      std::string what = std::string(kind == 0 ? "live " : "closed ") + file->first;
      for (std::uint64_t bits = random() % 4 == 0 ? 1 + random() % 16 : 1; bits > 0; --bits) {
        const std::size_t at = random() % (8 * file->second.size());
        file->second[at / 8] ^= static_cast<char>(1 << (at % 8));
        what += " bit " + std::to_string(at);
      }
      count(what, verdict(files));
    }
  }

  void truncate(std::uint64_t stride) {
    for (const bool live : {true, false}) {
      const Files whole = make(live);
      for (const auto& [name, bytes] : whole) {
        for (std::size_t size = 0; size < bytes.size(); size += stride) {
          Files files = whole;
          files[name].resize(size);
          count(std::string(live ? "live " : "closed ") + name + " of " + std::to_string(size),
                verdict(files));
        }
      }
    }
  }

  void pages() {
    constexpr std::size_t kPage = 4096;
    for (const bool live : {true, false}) {
      const Files whole = make(live);
      for (const auto& [name, bytes] : whole) {
        for (std::size_t at = 0; at < bytes.size(); at += kPage) {
          Files files = whole;
          files[name].replace(at, kPage, std::min(kPage, bytes.size() - at), '\x5a');
          count(std::string(live ? "live " : "closed ") + name + " at " + std::to_string(at), verdict(files));
        }
      }
    }
  }

  std::size_t commits;
  std::mt19937_64 random;
  History history;
  TempDirectory place{TempDirectory::in_memory()};
  std::uint64_t detected = 0;
  std::uint64_t harmless = 0;
  std::uint64_t wrong = 0;
  std::uint64_t all_saved = 0;
  std::uint64_t part_saved = 0;
  std::uint64_t nothing_saved = 0;
};

std::uint64_t option(int argc, char** argv, const char* name, std::uint64_t otherwise) {
  for (int at = 2; at + 1 < argc; ++at) {
    if (std::strcmp(argv[at], name) == 0) return std::strtoull(argv[at + 1], nullptr, 10);
  }
  return otherwise;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  Campaign campaign(option(argc, argv, "--seed", std::random_device{}()),
                    option(argc, argv, "--commits", 14));
  if (what == "flip")
    campaign.flip(option(argc, argv, "--count", 1'000));
  else if (what == "truncate")
    campaign.truncate(option(argc, argv, "--stride", 1));
  else if (what == "page")
    campaign.pages();
  else
    return 2;
  return campaign.report();
}
