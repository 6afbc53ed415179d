// What is left of a damaged store, page by page.
#include <catch2/catch.hpp>
#include <functional>

#include "broker/store/store_error.h"
#include "tests/contract/store_under_test.h"
#include "tests/disk/history.h"
#include "tests/disk/small_store.h"

using namespace zonda;
using Catch::Contains;

namespace {

constexpr std::size_t kPage = 4096;
constexpr std::uint64_t kJobs = 6;       // two of which are forgotten, and one more comes
constexpr std::uint64_t kBatches = 100;  // of each job; a page has some ten

void fill(SqliteStore& store) {
  for (std::uint64_t batch = 0; batch < kBatches; ++batch) {
    std::vector<Record> records;
    for (std::uint8_t job = 1; job <= kJobs; ++job) {
      if (batch == 0) records.emplace_back(opened(job, true));
      records.emplace_back(appended(job, batch, 1, std::string(batch == 50 ? 9'000 : 200, 'a')));
      if (batch % 2 == 0) records.emplace_back(finished(job, batch / 2, batch, 1, "done"));
    }
    commit(store, std::move(records));
  }
  // Pages are given up, and some of them used again.
  commit(store, {record::Forgotten{job_id(2)}, record::Forgotten{job_id(3)}});
  commit(store, {opened(7), appended(7, 0, 5, "seven"), record::HandedOut{job_id(7), 2, {}}});
}

// As a broker leaves it that was stopped, or killed (`live`: all is in the log).
struct Scene {
  explicit Scene(bool live = false) {
    auto store = open_store(place / "data");
    fill(*store);
    whole = everything_in(*store);
    if (live) std::filesystem::copy(place / "data", place / "live");
    store.reset();
    if (live)
      std::filesystem::rename(place / "live", data);
    else
      std::filesystem::rename(place / "data", data);
    files = files_of(data);
  }

  void restore() const {
    std::filesystem::remove_all(place / "new");
    std::filesystem::remove_all(data);
    std::filesystem::create_directory(data);
    for (const auto& [name, bytes] : files) write_file(data + "/" + name, bytes);
  }
  void change(const std::string& name, const std::function<void(std::string&)>& f) const {
    restore();
    std::string bytes = files.at(name);
    f(bytes);
    write_file(data + "/" + name, bytes);
  }
  // Flips bits of two bytes, as a bad sector or a stray write does.
  void flip(std::size_t at, const std::string& name = "store.sqlite") const {
    change(name, [&](std::string& bytes) {
      bytes.at(at) ^= 0x21;
      bytes.at(at + 1) ^= 0x21;
    });
  }

  // It leaves the files as they were, and what it makes is whole.
  StoreReport salvage() const {
    const auto before = files_of(data);
    StoreReport report = salvage_store(data, place / "new");
    CHECK((files_of(data) == before));
    CHECK(text_of(verify_store(place / "new")).empty());
    return report;
  }
  bool has_all() const { return everything_in(*open_store(place / "new")) == whole; }

  TempDirectory place{TempDirectory::in_memory()};
  std::string data = place / "scene";
  std::string whole;
  std::map<std::string, std::string> files;
};

}  // namespace

TEST_CASE("what is whole is salvaged, and every task that lost something ends as lost") {
  const TempDirectory place;
  make_small_store(place / "data");
  damage(place / "data", kArguments);
  damage(place / "data", kOutcome);
  const StoreReport report = salvage_store(place / "data", place / "new");
  CHECK_THAT(text_of(report), Contains("tasks [2,5): their arguments") &&
                                  Contains("tasks [1,2): their outcomes") &&
                                  Contains("tasks [3,5): end as lost"));
  CHECK(text_of(verify_store(place / "new")).empty());
  const auto store = open_store(place / "new");
  CHECK(store->epoch() > report.state.epoch);
  std::vector<std::string> ends(5);
  std::vector<bool> known_epochs;
  std::size_t others = 0;
  store->replay(~0ULL, [&](Record& any) {
    const auto* outcome = std::get_if<record::Finished>(&any);
    if (outcome == nullptr) return void(++others);
    known_epochs.push_back(outcome->epoch != 0);
    for (std::uint32_t at = 0; at < outcome->count; ++at)
      ends.at(outcome->first + at) = outcome->kinds.empty() ? "value" : to_string(Kind(outcome->kinds[at]));
  });
  CHECK(ends == std::vector<std::string>{"value", "lost", "value", "lost", "lost"});
  CHECK(known_epochs == std::vector<bool>{true, false, false, false});  // after the gap none is where it was
  CHECK(others == 6);  // two openings, one batch, the end, a summary, the worker
}

TEST_CASE("a store without its head is salvaged as a whole, in an epoch of its own") {
  const TempDirectory place;
  make_small_store(place / "data");
  const std::string whole = everything_in(*open_store(place / "data"));
  std::filesystem::remove(place / "data/head");
  const StoreReport report = salvage_store(place / "data", place / "new");
  CHECK_THAT(text_of(report), Contains("nobody can tell whether commits are missing"));
  const auto store = open_store(place / "new");
  std::string told;
  store->replay(~0ULL, [&](Record& any) {
    const auto* handed_out = std::get_if<record::HandedOut>(&any);
    if (handed_out == nullptr) told += std::to_string(bytes_of(any).size()) + ":" + bytes_of(any);
    if (handed_out != nullptr) CHECK(handed_out->upto == 5);  // all may have been, as far as anybody knows
  });
  CHECK(told == whole);
}

TEST_CASE("damage to the pages that lead to the rows costs nothing") {
  const Scene scene;
  REQUIRE(scene.files.at("store.sqlite").size() > 60 * kPage);
  for (const std::size_t at : {std::size_t{0}, std::size_t{17}, std::size_t{30}, std::size_t{100}, kPage,
                               kPage + 8, 2 * kPage, 2 * kPage + 8, 3 * kPage - 50}) {
    CAPTURE(at);
    scene.flip(at);
    const StoreReport report = scene.salvage();
    CHECK(text_of(report).empty());
    CHECK(scene.has_all());
  }
}

TEST_CASE("a page that is no more costs what was on it, and that is told") {
  const Scene scene;
  std::size_t harmless = 0;
  const std::size_t pages = scene.files.at("store.sqlite").size() / kPage;
  for (std::size_t page = 0; page < pages; ++page) {
    CAPTURE(page);
    scene.change("store.sqlite",
                 [&](std::string& bytes) { bytes.replace(page * kPage, kPage, kPage, '\x5a'); });
    const StoreReport report = scene.salvage();
    if (report.jobs < kJobs - 1)
      CHECK_THAT(text_of(report), Contains("its opening is lost") || Contains("gone without a trace"));
    if (report.wrong_count > 0) continue;
    ++harmless;
    CHECK(scene.has_all());
  }
  CHECK(harmless >= 3);  // the header, the root, and what counts the rows
}

TEST_CASE("a file that ends too early costs what was on its end") {
  const Scene scene;
  const std::size_t size = scene.files.at("store.sqlite").size();
  for (const std::size_t gone : {std::size_t{1}, kPage - 1, kPage, 3 * kPage, size - 5 * kPage}) {
    CAPTURE(gone);
    scene.change("store.sqlite", [&](std::string& bytes) { bytes.resize(size - gone); });
    const StoreReport report = scene.salvage();
    CHECK(report.state.rows > 0);
    CHECK((report.wrong_count > 0 || scene.has_all()));
  }
}

TEST_CASE("of a store without its database or its log nothing is left, and a backup is the way out") {
  const Scene closed;
  const Scene live(true);
  const auto why_not = [](const Scene& scene) {
    try {
      scene.salvage();
    } catch (const StoreError& error) {
      CHECK(!std::filesystem::exists(scene.place / "new"));
      return std::string(error.what()) + ": " + error.advice;
    }
    return std::string();
  };
  const Catch::Matchers::StdString::ContainsMatcher is_lost = Contains(": restore a backup");
  closed.change("store.sqlite", [](std::string& bytes) { bytes.clear(); });
  CHECK_THAT(why_not(closed), is_lost);
  std::filesystem::remove(closed.data + "/store.sqlite");
  CHECK_THAT(why_not(closed), is_lost);
  live.restore();
  std::filesystem::remove(live.data + "/store.sqlite-wal");
  CHECK_THAT(why_not(live), is_lost);
}

TEST_CASE("the log of a store is enough, if all is in it") {
  const Scene scene(true);
  scene.restore();
  std::filesystem::remove(scene.data + "/store.sqlite");
  CHECK(text_of(scene.salvage()).empty());
  CHECK(scene.has_all());
}

TEST_CASE("one damaged byte in the log does not cost the commits behind it") {
  const Scene scene(true);
  const std::size_t size = scene.files.at("store.sqlite-wal").size();
  REQUIRE(size > 200 * kPage);
  std::size_t whole = 0;
  std::size_t tries = 0;
  const auto look = [&](std::size_t at) {
    CAPTURE(at);
    scene.change("store.sqlite-wal", [&](std::string& bytes) { bytes.at(at) ^= 1; });
    const StoreReport report = scene.salvage();
    ++tries;
    if (report.wrong_count > 0) return;
    ++whole;
    CHECK(scene.has_all());
  };
  for (const std::size_t at : {0, 5, 16, 24, 32, 36, 40, 48, 56, 100}) look(at);
  CHECK(whole == tries);
  for (std::size_t at = 200; at < size; at += size / 60) look(at);
  CHECK(10 * whole > 8 * tries);
}

TEST_CASE("a log that lost its end costs the last commits, which are counted") {
  const Scene scene(true);
  scene.change("store.sqlite-wal", [](std::string& bytes) { bytes.resize(bytes.size() - 100); });
  CHECK_THAT(text_of(scene.salvage()), Contains("1 commits are missing"));
}

TEST_CASE("what is known of an older state only is not believed about the newest") {
  const TempDirectory place(TempDirectory::in_memory());
  const std::string path = place / "data";
  {
    const auto store = open_store(path);
    commit(*store, {opened(1, true), appended(1, 0, 5, "value"), record::HandedOut{job_id(1), 2, {}}});
    commit(*store, {record::Stopped{{{job_id(101), job_id(1), 0, 1, {}}}}});
  }
  const std::string then = read_file(path + "/store.sqlite");
  {
    const auto store = open_store(path);
    commit(*store, {record::Started{}, record::Joined{job_id(102), "worker", "host"}});
  }
  const auto says = [](const std::string& where) {
    std::uint64_t handed_out = 0;
    bool stopped = false;
    open_store(where)->replay(~0ULL, [&](Record& any) {
      if (const auto* record = std::get_if<record::HandedOut>(&any)) handed_out = record->upto;
      stopped = stopped || std::holds_alternative<record::Stopped>(any);
    });
    return std::pair(handed_out, stopped);
  };
  write_file(path + "/store.sqlite", then);
  CHECK_THAT(text_of(salvage_store(path, place / "new")), Contains("commits are missing"));
  CHECK((says(place / "new") == std::pair(std::uint64_t{5}, false)));
}
