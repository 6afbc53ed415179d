#include "tests/contract/store_under_test.h"

#include <poll.h>

#include <chrono>
#include <stdexcept>

#include "broker/store/memory_store.h"
#include "broker/store/record_codec.h"
#include "broker/store/sqlite_store.h"
#include "proto/digest.h"

namespace zonda {
namespace {

// `count` times the same value.
struct Values {
  Values(std::uint64_t count, const std::string& value) {
    const auto length = static_cast<std::uint32_t>(value.size());
    for (; count > 0; --count) {
      lengths.append(reinterpret_cast<const char*>(&length), sizeof length);
      payloads += value;
    }
  }
  Column column() const { return {lengths, payloads}; }
  std::string lengths;
  std::string payloads;
};

class InMemory final : public StoreUnderTest {
 public:
  Store& operator*() override { return store_; }
  void reopen() override {}

 private:
  MemoryStore store_{Keep::Records};
};

template <Durability durability>
class OnDisk final : public StoreUnderTest {
 public:
  OnDisk() { reopen(); }
  Store& operator*() override { return *store_; }
  void reopen() override {
    store_.reset();
    store_ = SqliteStore::open(DataDirectory::open(directory_ / "data", false), {durability, 30});
  }

 private:
  TempDirectory directory_;
  std::unique_ptr<SqliteStore> store_;
};

template <class T>
std::unique_ptr<StoreUnderTest> make() {
  return std::make_unique<T>();
}

// Until the store has something to say.
void wait_for(const Store& store) {
  pollfd event{store.event_fd(), POLLIN, 0};
  if (poll(&event, 1, 60'000) == 0) throw std::runtime_error("the store says nothing for a minute");
}

void require_no_failure(const Store& store) {
  if (const std::string failure = store.failure(); !failure.empty()) throw std::runtime_error(failure);
}

}  // namespace

const std::vector<StoreKind> kStores = {{"memory", make<InMemory>},
                                        {"sqlite", make<OnDisk<Durability::Fsync>>},
                                        {"sqlite, batch", make<OnDisk<Durability::Batch>>}};

JobId job_id(std::uint8_t number) {
  JobId id;
  id.bytes[15] = number;
  return id;
}

record::Opened opened(std::uint8_t number, bool detached) {
  JobSpec spec;
  spec.function = "f";
  spec.signature = "()";
  spec.name = "name";
  spec.resources = {{"gpu", 0.5}};
  spec.detached = detached;
  return {job_id(number), spec, "me", "me", job_id(200), 7, UtcTime(std::chrono::seconds(100))};
}

record::Appended appended(std::uint8_t number, std::uint64_t first, std::uint64_t count,
                          const std::string& value) {
  const Values values(count, value);
  record::Appended record;
  record.job = job_id(number);
  record.first = first;
  record.count = static_cast<std::uint32_t>(count);
  record.digest = digest(values.column());
  record.at = UtcTime(std::chrono::seconds(200));
  record.slab = Slab(values.lengths, values.payloads);
  record.bytes = record.slab.size();
  const std::string_view bytes = record.slab.view();
  record.arguments = {bytes.substr(0, values.lengths.size()), bytes.substr(values.lengths.size())};
  return record;
}

record::Finished finished(std::uint8_t number, std::uint64_t position, std::uint64_t first,
                          std::uint64_t count, const std::string& value, const std::string& kinds) {
  const Values values(count, value);
  record::Finished record;
  record.job = job_id(number);
  record.position = position;
  record.first = first;
  record.count = static_cast<std::uint32_t>(count);
  record.attempt = 2;
  record.epoch = 7;
  record.at = UtcTime(std::chrono::seconds(300));
  record.worker = "w";
  std::string head = values.lengths;
  head += kinds;
  record.slab = Slab(head, values.payloads);
  record.bytes = record.slab.size();
  const std::string_view bytes = record.slab.view();
  record.kinds = bytes.substr(values.lengths.size(), kinds.size());
  record.outcomes = {bytes.substr(0, values.lengths.size()),
                     bytes.substr(values.lengths.size() + kinds.size())};
  return record;
}

record::Released released(std::uint8_t number, std::uint64_t position) {
  return {job_id(number), position, {}, {}, position + 1};
}

void wait_until_committed(Store& store, std::uint64_t number) {
  while (store.committed() < number) {
    require_no_failure(store);
    if (store.committed() < number) wait_for(store);
  }
}

std::uint64_t commit(Store& store, std::vector<Record> records) {
  const std::uint64_t number = store.commit(std::move(records));
  wait_until_committed(store, number);
  return number;
}

Payload read_back(Store& store, const PayloadName& name) {
  store.read(name);
  for (;;) {
    std::vector<Payload> all = store.take_read();
    if (!all.empty()) return all.at(0);
    require_no_failure(store);
    wait_for(store);
  }
}

std::string bytes_of(const Record& any) {
  detail::Output out;
  out.bytes() = std::to_string(any.index()) + " ";
  encode_record(out, any);
  std::string bytes = out.bytes();
  const auto add_column = [&](const Column& column) {
    bytes.append(column.lengths).append("|").append(column.payloads);
  };
  if (const auto* batch = std::get_if<record::Appended>(&any)) add_column(batch->arguments);
  if (const auto* outcome = std::get_if<record::Finished>(&any)) add_column(outcome->outcomes);
  return bytes;
}

std::vector<std::string> replayed_bytes(Store& store, std::uint64_t payload_bytes) {
  std::vector<std::string> all;
  store.replay(payload_bytes, [&](Record& record) { all.push_back(bytes_of(record)); });
  return all;
}

}  // namespace zonda
