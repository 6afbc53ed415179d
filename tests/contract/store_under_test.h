// Stores for tests, and records to put into them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "broker/store/store.h"
#include "tests/temp_directory.h"

namespace zonda {

// One that can be closed and opened again, as a broker's end and start do.
class StoreUnderTest {
 public:
  virtual ~StoreUnderTest() = default;
  virtual Store& operator*() = 0;
  Store* operator->() { return &**this; }
  virtual void reopen() = 0;
};

struct StoreKind {
  const char* name;
  std::unique_ptr<StoreUnderTest> (*make)();
};
extern const std::vector<StoreKind> kStores;

JobId job_id(std::uint8_t number);
record::Opened opened(std::uint8_t number, bool detached = false);
record::Appended appended(std::uint8_t number, std::uint64_t first, std::uint64_t count,
                          const std::string& value);
record::Finished finished(std::uint8_t number, std::uint64_t position, std::uint64_t first,
                          std::uint64_t count, const std::string& value, const std::string& kinds = {});
record::Released released(std::uint8_t number, std::uint64_t position);

// Returns when it is done; throws if the store fails instead.
std::uint64_t commit(Store& store, std::vector<Record> records);
void wait_until_committed(Store& store, std::uint64_t number);
Payload read_back(Store& store, const PayloadName& name);

// All fields and bytes of a record.
std::string bytes_of(const Record& record);
std::vector<std::string> replayed_bytes(Store& store, std::uint64_t payload_bytes);

}  // namespace zonda
