// A store that no broker runs on: verified and copied.
#include <catch2/catch.hpp>

#include "broker/store/data_directory.h"
#include "broker/store/store_error.h"
#include "tests/contract/store_under_test.h"
#include "tests/disk/history.h"
#include "tests/disk/small_store.h"

using namespace zonda;
using Catch::Contains;

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
    CHECK(report.state.epoch > 0);
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
  make_small_store(place / "data");
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
    make_small_store(place / "data");
    std::filesystem::remove(std::filesystem::path(place / "data") / part);
    const auto before = files_of(place / "data");
    CHECK_THAT(text_of(verify_store(place / "data")), Contains(part + " is missing"));
    CHECK((files_of(place / "data") == before));
    CHECK_THROWS_WITH(backup_store(place / "data", place / "copy"), Contains(part + " is missing"));
  }
}

TEST_CASE("a backup has everything, and is a store") {
  const TempDirectory place;
  make_small_store(place / "data");
  backup_store(place / "data", place / "copy");
  CHECK(text_of(verify_store(place / "copy")).empty());
  const auto original = open_store(place / "data");
  const auto copy = open_store(place / "copy");
  CHECK(copy->id() == original->id());
  CHECK(copy->epoch() != original->epoch());  // outcomes of the two are told apart by it
  CHECK(everything_in(*copy) == everything_in(*original));
  CHECK_THROWS_WITH(StoreBackup::make_directory(place / "copy"), Contains("in use"));
}

TEST_CASE("a damaged store is not backed up") {
  for (const std::string& text : {kArguments, kOutcome, std::string("worker")}) {
    CAPTURE(text);
    const TempDirectory place;
    make_small_store(place / "data");
    damage(place / "data", text);
    CHECK_THROWS_WITH(backup_store(place / "data", place / "copy"),
                      Contains("the store is damaged") && Contains("not what was written"));
    CHECK_THROWS_AS(verify_store(place / "copy"), StoreNotFound);
    CHECK(files_of(place / "copy").empty());
  }
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

TEST_CASE("a backup that ends with its broker is no store, or a whole one, and can be made again") {
  const TempDirectory place(TempDirectory::in_memory());
  const History history(12, 400);
  bool was_cut = false;
  for (int looks = 0; looks < 40; ++looks) {
    const std::string copy = place / ("copy" + std::to_string(looks));
    {
      const auto store = open_store(place / "data");
      if (looks == 0) {
        for (std::size_t number = 1; number <= history.size(); ++number)
          commit(*store, history.commit(number));
      }
      store->backup_to(copy);
      for (int look = 0; look < looks; ++look) store->take_backup();
    }
    if (DataDirectory::open(copy, true, std::chrono::milliseconds(0)).has_store()) {
      CHECK(text_of(verify_store(copy)).empty());
      continue;
    }
    was_cut = true;
    backup_store(place / "data", copy);
    CHECK(text_of(verify_store(copy)).empty());
  }
  CHECK(was_cut);
}
