// What a store does while more is committed than the disk takes.
#include <poll.h>

#include <catch2/catch.hpp>

#include "broker/store/sqlite_store.h"
#include "tests/contract/store_under_test.h"

using namespace zonda;

TEST_CASE("who reads does not wait for what is committed after it") {
  const TempDirectory place;
  const auto store = SqliteStore::open(DataDirectory::open(place / "data", false));
  const std::string large(std::size_t{33} << 20, 'x');   // as much as goes into a transaction
  store->commit({opened(1), appended(1, 0, 1, large)});  // the disk is busy
  store->commit({appended(1, 1, 1, "small")});
  store->read({job_id(1), PayloadName::What::Arguments, 1});
  std::uint64_t last = 0;
  for (std::uint64_t index = 2; index <= 6; ++index) last = store->commit({appended(1, index, 1, large)});
  std::vector<Payload> found;
  while (found.empty()) {
    pollfd changed{store->event_fd(), POLLIN, 0};
    REQUIRE(poll(&changed, 1, 20'000) == 1);
    found = store->take_read();
    if (found.empty()) REQUIRE(store->committed() < last);
  }
  CHECK(store->committed() < last);
  CHECK(found.front().column == appended(1, 1, 1, "small").arguments);
}
