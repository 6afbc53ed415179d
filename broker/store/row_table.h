// The rows of a store's database and the state that goes with them.
#pragma once

#include <zonda/detail/handler.h>

#include <functional>
#include <string>
#include <string_view>

#include "broker/store/database.h"
#include "broker/store/head_file.h"
#include "broker/store/row.h"
#include "proto/slab.h"

namespace zonda {

// A payload to be written: two runs of bytes, back to back.
struct PayloadParts {
  std::string_view first;
  std::string_view second;
  std::uint64_t size() const { return first.size() + second.size(); }
};

class RowTable {
 public:
  static void create(Database& database, const StoreState& state);

  // Nothing: it is not whole. Throws StoreError if the database is of a version this program does not know.
  static std::optional<StoreState> read_state(Database& database);

  explicit RowTable(Database& database);  // throws StoreError if its state is not whole
  RowTable(Database& database, const StoreState& state);

  const StoreState& state() const { return state_; }
  void set_epoch(std::uint64_t epoch) { state_.epoch = epoch; }

  // Numbers for a row and its pieces, to be used by put() in this transaction or never.
  RowRef reserve(std::uint64_t payload_bytes);

  // A transaction. What put() and remove() did is on disk after commit(), all or nothing, under that number.
  void begin();
  void commit(std::uint64_t number);
  // `write_body` appends it. The CRC goes into `ref`.
  void put(RowRef& ref, RowKind kind, const std::function<void(detail::Output&)>& write_body,
           PayloadParts payload = {});
  void replace(RowRef& ref, RowKind kind, const std::function<void(detail::Output&)>& write_body);
  void remove(const RowRef& ref);

  // All rows in the order of their numbers. `payload_bytes`: what the row itself holds.
  void scan(
      const std::function<void(std::uint64_t row, std::string_view meta, std::uint64_t payload_bytes)>& f);
  // One row; the views are valid during the call. False: there is none.
  bool load_meta(std::uint64_t row, const std::function<void(std::string_view meta)>& f);
  // The payload with `more` behind it. Throws StoreError if it is not as it was written.
  Slab load_payload(const RowRef& ref, std::string_view more);
  // Is what this row holds of a payload as it was written?
  bool is_payload_whole(std::uint64_t row);

 private:
  std::string_view load_piece(std::uint64_t row);
  std::string_view piece_of(const PayloadParts& payload, std::uint64_t at);

  Database& database_;
  StoreState state_;
  Statement begin_;
  Statement commit_;
  Statement insert_;
  Statement update_;
  Statement remove_;
  Statement meta_;
  Statement payload_;
  Statement write_state_;
  detail::Output buffer_;
  std::string joined_;  // a piece whose bytes are not back to back yet
  std::string state_bytes_;
};

}  // namespace zonda
