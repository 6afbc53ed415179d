#include "broker/store/store_check.h"

#include <zonda/detail/reader.h>

#include "broker/store/row_description.h"
#include "broker/store/store_error.h"

namespace zonda {
namespace {

// One row; empty: it is whole.
std::string check_row(const RowRef& ref, const std::optional<RowMeta>& meta, bool whole,
                      std::uint64_t payload_bytes, StoreRows& rows) {
  if (!whole || !meta) return "is not what was written";
  const std::uint64_t here = meta->kind == RowKind::Piece
                                 ? meta->payload_bytes
                                 : std::min<std::uint64_t>(meta->payload_bytes, kPieceBytesMax);
  if (payload_bytes != here) return "has a payload of another length";
  try {
    rows.load(ref, *meta);
  } catch (const detail::DecodeError& error) {
    return std::string("makes no sense: ") + error.what();
  }
  return {};
}

}  // namespace

void Findings::add(std::string finding) {
  if (++found_ <= kListMax) list_.push_back(std::move(finding));
}

std::string Findings::text() const {
  constexpr std::size_t kInOneSentence = 5;
  std::string all;
  for (std::size_t at = 0; at < std::min(kInOneSentence, list_.size()); ++at)
    all += (at == 0 ? "" : "; ") + list_[at];
  if (found_ > kInOneSentence) all += "; and " + std::to_string(found_ - kInOneSentence) + " more";
  return all;
}

void check_rows(RowTable& table, Payloads payloads, StoreRows& rows, Findings& findings,
                const std::atomic<bool>& interrupted) {
  RowSum sum;
  std::uint64_t count = 0;
  table.scan([&](std::uint64_t row, std::string_view bytes, std::uint64_t payload_bytes) {
    if (interrupted) throw StoreError("interrupted: the broker ended");
    RowRef ref{row, crc_of_meta(bytes), 0};
    sum.add(row, ref.crc);
    ++count;
    std::optional<RowMeta> meta;
    try {
      meta = parse_meta(bytes);
    } catch (const detail::DecodeError&) {
    }
    if (meta && meta->kind != RowKind::Piece) ref.pieces = pieces_of(meta->payload_bytes);
    std::string wrong = check_row(ref, meta, is_whole(bytes, row), payload_bytes, rows);
    if (row >= table.state().next_row) wrong = "has a number that was never given";
    if (wrong.empty() && payloads == Payloads::Check && payload_bytes > 0 && !table.is_payload_whole(row))
      wrong = "has a payload that is not what was written";
    if (!wrong.empty()) findings.add(describe_row(row, bytes) + " " + wrong);
  });
  rows.loaded();
  if (count != table.state().rows)
    findings.add("there are " + std::to_string(count) + " rows, " + std::to_string(table.state().rows) +
                 " were written");
  else if (!(sum == table.state().sum))
    findings.add("the rows are not those that were written");
}

void check_pages(Database& database, Findings& findings) {
  Statement check(database, "PRAGMA quick_check(20)");
  while (check.step()) {
    const std::string_view said = check.blob(0);
    if (said != "ok") findings.add(database.path() + ": " + std::string(said));
  }
}

void check_head(const std::string& directory, const StoreState& state, const std::optional<StoreState>& head,
                Findings& findings) {
  const std::string store = "the store in " + directory;
  if (!head)
    findings.add("the head of " + store + " is not whole, so nobody can tell whether commits are missing");
  else if (head->store != state.store)
    findings.add(directory + " has the database of one store and the head of another: " +
                 to_string(state.store) + " and " + to_string(head->store));
  else if (state.commit < head->commit)
    findings.add(store + " ends at commit " + std::to_string(state.commit) + ", its head says " +
                 std::to_string(head->commit) + ": " + std::to_string(head->commit - state.commit) +
                 " commits are missing");
  else if (state.epoch < head->epoch)
    findings.add(store + " is of epoch " + std::to_string(state.epoch) + ", its head of " +
                 std::to_string(head->epoch));
  else if (state.commit == head->commit && !(state == *head))
    findings.add(store + " and its head differ about commit " + std::to_string(state.commit));
}

}  // namespace zonda
