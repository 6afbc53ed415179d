// A store that no broker runs on: verified, copied, salvaged.
#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <map>

#include "broker/store/sqlite_store.h"
#include "broker/store/store_error.h"
#include "broker/store/store_inspection.h"
#include "tests/contract/store_under_test.h"
#include "tests/disk/history.h"

using namespace zonda;
using Catch::Contains;

namespace {

std::unique_ptr<SqliteStore> open_store(const std::string& path) {
  return SqliteStore::open(DataDirectory::open(path, false));
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::map<std::string, std::string> files_of(const std::string& path) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    if (entry.path().filename() != "lock") files[entry.path().filename()] = read_file(entry.path());
  }
  return files;
}

// Damages one occurrence of a text in the database.
void damage(const std::string& path, const std::string& text) {
  std::string bytes = read_file(path + "/store.sqlite");
  const std::size_t at = bytes.find(text);
  REQUIRE(at != std::string::npos);
  bytes[at] ^= 1;
  std::ofstream(path + "/store.sqlite", std::ios::binary).write(bytes.data(), std::ssize(bytes));
}

std::string text_of(const StoreReport& report) {
  std::string all;
  for (const std::string& each : report.wrong) all += each + "\n";
  return all;
}

const std::string kArguments = "these are arguments";
const std::string kOutcome = "this is an outcome";

// A store that was closed, with some of everything.
void make_store(const std::string& path) {
  const auto store = open_store(path);
  commit(*store, {opened(1, true), appended(1, 0, 2, "whole"), appended(1, 2, 3, kArguments), opened(2)});
  commit(*store,
         {finished(1, 0, 0, 1, "whole"), finished(1, 1, 1, 1, kOutcome), finished(1, 2, 2, 1, "whole")});
  JobSummary summary;
  summary.id = job_id(2);
  commit(*store, {record::Summarised{summary}, opened(2)});  // it was opened again
  commit(*store, {record::Joined{job_id(101), "worker", "host"}, record::Closed{job_id(1), 5, false}});
}

}  // namespace

TEST_CASE("verifying changes nothing, with a log and without") {
  const TempDirectory place(TempDirectory::in_memory());
  const std::string path = place / "data";
  const History history(5, 20);
  auto store = open_store(path);
  for (std::size_t number = 1; number <= history.size(); ++number) commit(*store, history.commit(number));
  const std::string copy = place / "copy";  // as a broker leaves it that was killed
  std::filesystem::copy(path, copy);
  store.reset();
  for (const std::string& each : {path, copy}) {
    CAPTURE(each);
    const auto before = files_of(each);
    const StoreReport report = verify_store(each);
    CHECK(text_of(report).empty());
    CHECK(report.state.epoch == 1);
    CHECK((files_of(each) == before));
    CHECK(history.place_of(*open_store(each), history.size()));
  }
}

TEST_CASE("a store that is in use is not verified, and one that is not there neither") {
  const TempDirectory place;
  const auto store = open_store(place / "data");
  CHECK_THROWS_WITH(verify_store(place / "data"), Contains("is in use by process"));
  CHECK_THROWS_WITH(verify_store(place / "nothing"), Contains("is not there"));
}

TEST_CASE("verifying names the job and the tasks whose payload is damaged, and so does reading it") {
  const TempDirectory place;
  make_store(place / "data");
  damage(place / "data", kArguments);
  const StoreReport report = verify_store(place / "data");
  CHECK(report.wrong_count == 1);
  CHECK_THAT(text_of(report), Contains("a batch of job " + to_string(job_id(1)) + ", tasks [2,5)"));
  const auto store = open_store(place / "data");
  CHECK_THROWS_WITH(read_back(*store, {job_id(1), PayloadName::What::Arguments, 2}),
                    Contains("tasks [2,5)") && Contains("is not what was written"));
  const std::uint64_t before = store->committed();
  store->commit({opened(3)});
  CHECK(store->committed() == before);  // nothing is committed after a failure
}

TEST_CASE("a store that lost a part is found to be so, and nothing is changed") {
  for (const std::string part : {"head", "store.sqlite"}) {
    CAPTURE(part);
    const TempDirectory place;
    make_store(place / "data");
    std::filesystem::remove(std::filesystem::path(place / "data") / part);
    const auto before = files_of(place / "data");
    CHECK_THAT(text_of(verify_store(place / "data")), Contains(part + " is missing"));
    CHECK((files_of(place / "data") == before));
    CHECK_THROWS_WITH(backup_store(place / "data", place / "copy"), Contains(part + " is missing"));
  }
}

TEST_CASE("a backup has everything, and is a store") {
  const TempDirectory place;
  make_store(place / "data");
  backup_store(place / "data", place / "copy");
  CHECK(text_of(verify_store(place / "copy")).empty());
  const auto original = open_store(place / "data");
  const auto copy = open_store(place / "copy");
  CHECK(copy->id() == original->id());
  CHECK(copy->epoch() == original->epoch());
  CHECK(everything_in(*copy) == everything_in(*original));
  CHECK_THROWS_WITH(StoreBackup::make_directory(place / "copy"), Contains("in use"));
}

TEST_CASE("a backup is made while the store goes on, and has what was committed before it was asked for") {
  const TempDirectory place(TempDirectory::in_memory());
  const History history(11, 60);
  const auto store = open_store(place / "data");
  for (std::size_t number = 1; number <= 20; ++number) store->commit(history.commit(number));
  store->backup_to(place / "copy");
  std::optional<std::string> end;
  for (std::size_t number = 21; number <= history.size(); ++number) {
    commit(*store, history.commit(number));
    if (!end) end = store->take_backup();
  }
  while (!end) end = store->take_backup();
  CHECK(*end == "");
  CHECK(text_of(verify_store(place / "copy")).empty());
  CHECK(history.place_of(*open_store(place / "copy"), 20));
  store->backup_to(place / "copy");
  for (end.reset(); !end;) end = store->take_backup();
  CHECK_THAT(*end, Contains("has a store already"));
  CHECK(store->failure().empty());
}

TEST_CASE("what is whole is salvaged, and every task that lost something ends as lost") {
  const TempDirectory place;
  make_store(place / "data");
  damage(place / "data", kArguments);
  damage(place / "data", kOutcome);
  const StoreReport report = salvage_store(place / "data", place / "new");
  CHECK_THAT(text_of(report), Contains("tasks [2,5): their arguments") &&
                                  Contains("tasks [1,2): their outcomes") &&
                                  Contains("tasks [3,5): end as lost"));
  CHECK(text_of(verify_store(place / "new")).empty());
  const auto store = open_store(place / "new");
  CHECK(store->epoch() == 2);
  std::vector<std::string> ends(5);
  std::size_t others = 0;
  store->replay(~0ULL, [&](Record& any) {
    const auto* outcome = std::get_if<record::Finished>(&any);
    if (outcome == nullptr) return void(++others);
    for (std::uint32_t at = 0; at < outcome->count; ++at)
      ends.at(outcome->first + at) = outcome->kinds.empty() ? "value" : to_string(Kind(outcome->kinds[at]));
  });
  CHECK(ends == std::vector<std::string>{"value", "lost", "value", "lost", "lost"});
  CHECK(others == 6);  // two openings, one batch, the end, a summary, the worker
}

TEST_CASE("a store without its head is salvaged as a whole, in an epoch of its own") {
  const TempDirectory place;
  make_store(place / "data");
  const std::string whole = everything_in(*open_store(place / "data"));
  std::filesystem::remove(place / "data/head");
  salvage_store(place / "data", place / "new");
  CHECK(everything_in(*open_store(place / "new")) == whole);
}
