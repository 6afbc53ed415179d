#include "broker/store/row_table.h"

#include <zonda/detail/reader.h>

#include <algorithm>
#include <utility>

#include "broker/store/crc32c.h"
#include "broker/store/row_description.h"
#include "broker/store/store_error.h"
#include "proto/assert.h"

namespace zonda {
namespace {

// Meta comes first: it is read without touching the pages of a payload.
constexpr const char* kSchema =
    "CREATE TABLE rows (row INTEGER PRIMARY KEY, meta BLOB NOT NULL, payload BLOB NOT NULL);"
    "CREATE TABLE state (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL)";

}  // namespace

void RowTable::create(Database& database, const StoreState& state) {
  database.run("PRAGMA page_size = 4096; PRAGMA application_id = 0x5a4f4e44; PRAGMA user_version = 1;");
  database.run(kSchema);
  const std::string bytes = encode_state(state);
  Statement(database, "INSERT INTO state VALUES (0, ?1)").bind(1, std::string_view(bytes)).run();
}

std::optional<StoreState> RowTable::read_state(Database& database) {
  Statement version(database, "PRAGMA user_version");
  if (!version.step() || version.integer(0) == 0)
    throw StoreError(database.path() + " has no store in it",
                     "it is empty, or of another program: restore a backup");
  if (version.integer(0) != 1)
    throw StoreError(database.path() + " is of version " + std::to_string(version.integer(0)) +
                     ", this program knows version 1");
  Statement read(database, "SELECT bytes FROM state WHERE id = 0");
  return read.step() ? decode_state(read.blob(0)) : std::nullopt;
}

RowTable::RowTable(Database& database)
    : RowTable(database, [&] {
        const auto state = read_state(database);
        if (!state)
          throw StoreError(database.path() + " is damaged: the row that counts the others is not whole");
        return *state;
      }()) {}

RowTable::RowTable(Database& database, const StoreState& state)
    : database_(database),
      state_(state),
      begin_(database, "BEGIN IMMEDIATE"),
      commit_(database, "COMMIT"),
      insert_(database, "INSERT INTO rows VALUES (?1, ?2, ?3)"),
      update_(database, "UPDATE rows SET meta = ?2 WHERE row = ?1"),
      remove_(database, "DELETE FROM rows WHERE row = ?1"),
      meta_(database, "SELECT meta FROM rows WHERE row = ?1"),
      payload_(database, "SELECT meta, payload FROM rows WHERE row = ?1"),
      write_state_(database, "UPDATE state SET bytes = ?1 WHERE id = 0") {}

RowRef RowTable::reserve(std::uint64_t payload_bytes) {
  RowRef ref;
  ref.row = state_.next_row;
  ref.pieces = pieces_of(payload_bytes);
  state_.next_row += 1 + ref.pieces;
  return ref;
}

void RowTable::begin() { begin_.run(); }

void RowTable::commit(std::uint64_t number) {
  state_.commit = number;
  state_bytes_ = encode_state(state_);
  write_state_.bind(1, std::string_view(state_bytes_)).run();
  commit_.run();
}

void RowTable::put(RowRef& ref, RowKind kind, const std::function<void(detail::Output&)>& write_body,
                   PayloadParts payload) {
  ZONDA_ASSERT(ref && ref.pieces == pieces_of(payload.size()));
  for (std::uint32_t piece = 0; piece <= ref.pieces; ++piece) {
    const std::string_view bytes = piece_of(payload, piece * kPieceBytesMax);
    begin_meta(buffer_.bytes(), piece == 0 ? kind : RowKind::Piece, crc32c(bytes),
               piece == 0 ? payload.size() : bytes.size());
    if (piece == 0) write_body(buffer_);
    const std::uint32_t crc = end_meta(buffer_.bytes(), ref.row + piece);
    insert_.bind(1, ref.row + piece).bind(2, std::string_view(buffer_.bytes())).bind(3, bytes).run();
    state_.sum.add(ref.row + piece, crc);
    ++state_.rows;
    if (piece == 0) ref.crc = crc;
  }
  if (joined_.size() > kPieceBytesMax / 16) std::string().swap(joined_);
}

// Most payloads lie back to back in their slab already, and then nothing is copied.
std::string_view RowTable::piece_of(const PayloadParts& payload, std::uint64_t at) {
  const std::uint64_t size = std::min(payload.size() - at, kPieceBytesMax);
  if (at >= payload.first.size()) return payload.second.substr(at - payload.first.size(), size);
  if (at + size <= payload.first.size()) return payload.first.substr(at, size);
  if (payload.first.data() + payload.first.size() == payload.second.data())
    return {payload.first.data() + at, size};
  joined_.assign(payload.first.substr(at));
  joined_.append(payload.second.substr(0, size - joined_.size()));
  return joined_;
}

void RowTable::replace(RowRef& ref, RowKind kind, const std::function<void(detail::Output&)>& write_body) {
  begin_meta(buffer_.bytes(), kind, 0, 0);
  write_body(buffer_);
  const std::uint32_t crc = end_meta(buffer_.bytes(), ref.row);
  update_.bind(1, ref.row).bind(2, std::string_view(buffer_.bytes())).run();
  state_.sum.remove(ref.row, ref.crc);
  state_.sum.add(ref.row, crc);
  ref.crc = crc;
}

void RowTable::remove(const RowRef& ref) {
  for (std::uint32_t piece = 0; piece <= ref.pieces; ++piece) {
    std::uint32_t crc = ref.crc;
    if (piece > 0) load_meta(ref.row + piece, [&](std::string_view meta) { crc = crc_of_meta(meta); });
    remove_.bind(1, ref.row + piece).run();
    state_.sum.remove(ref.row + piece, crc);
    --state_.rows;
  }
}

void RowTable::scan(
    const std::function<void(std::uint64_t row, std::string_view meta, std::uint64_t payload_bytes)>& f) {
  Statement all(database_, "SELECT row, meta, length(payload) FROM rows ORDER BY row");
  while (all.step()) f(all.integer(0), all.blob(1), all.integer(2));
}

bool RowTable::load_meta(std::uint64_t row, const std::function<void(std::string_view meta)>& f) {
  meta_.bind(1, row);
  const bool found = meta_.step();
  if (found) f(meta_.blob(0));
  meta_.reset();
  return found;
}

// Valid until payload_ is reset.
std::string_view RowTable::load_piece(std::uint64_t row) {
  payload_.reset();
  payload_.bind(1, row);
  const std::string name = "row " + std::to_string(row);
  if (!payload_.step()) throw StoreError(database_.path() + " is damaged: it has no " + name);
  const std::string_view meta = payload_.blob(0);
  const std::string_view bytes = payload_.blob(1);
  if (!is_whole(meta, row) || crc32c(bytes) != parse_meta(meta).payload_crc)
    throw StoreError(database_.path() + " is damaged: the payload of " + describe_row(row, meta) +
                     " is not what was written");
  return bytes;
}

Slab RowTable::load_payload(const RowRef& ref, std::string_view more) {
  std::string pieces;  // all of a large one
  for (std::uint32_t piece = 0; piece <= ref.pieces && ref.pieces > 0; ++piece)
    pieces.append(load_piece(ref.row + piece));
  Slab slab(ref.pieces > 0 ? std::string_view(pieces) : load_piece(ref.row), more);
  payload_.reset();
  return slab;
}

bool RowTable::is_payload_whole(std::uint64_t row) try {
  load_piece(row);
  payload_.reset();
  return true;
} catch (const StoreError&) {
  payload_.reset();
  return false;
}

}  // namespace zonda
