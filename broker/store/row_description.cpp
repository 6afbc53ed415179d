#include "broker/store/row_description.h"

#include <zonda/detail/reader.h>

#include "broker/store/record_codec.h"
#include "broker/store/row.h"

namespace zonda {
namespace {

std::string tasks_text(std::uint64_t first, std::uint64_t count) {
  return "tasks [" + std::to_string(first) + "," + std::to_string(first + count) + ")";
}

std::string what_is_in(const RowMeta& meta) {
  const auto of_job = [](const char* what, const JobId& job) {
    return std::string(what) + " job " + to_string(job);
  };
  switch (meta.kind) {
    case RowKind::Opened: return of_job("the opening of", decode_record<record::Opened>(meta.body).job);
    case RowKind::Appended: {
      const auto batch = decode_record<record::Appended>(meta.body);
      return of_job("a batch of", batch.job) + ", " + tasks_text(batch.first, batch.count);
    }
    case RowKind::Closed: return of_job("the end of", decode_record<record::Closed>(meta.body).job);
    case RowKind::HandedOut:
      return of_job("how far was handed out of", decode_record<record::HandedOut>(meta.body).job);
    case RowKind::Attempts: {
      const std::vector<Record> all = decode_attempts(meta.body);
      if (all.empty()) return "attempts";
      const auto* fence = std::get_if<record::Fenced>(&all.front());
      return of_job("attempts of",
                    fence != nullptr ? fence->job : std::get<record::Attempted>(all.front()).job);
    }
    case RowKind::Finished: {
      const auto outcome = decode_record<record::Finished>(meta.body);
      return of_job("outcomes of", outcome.job) + ", " + tasks_text(outcome.first, outcome.count);
    }
    case RowKind::Released:
      return of_job("what was delivered of", decode_record<record::Released>(meta.body).job);
    case RowKind::Summarised:
      return of_job("the summary of", decode_record<record::Summarised>(meta.body).summary.id);
    case RowKind::Joined: return "worker " + decode_record<record::Joined>(meta.body).name;
    case RowKind::Stopped: return "what was handed out when the broker stopped";
    case RowKind::Piece: return "a piece of a payload in a row before it";
  }
  return "of an unknown kind";
}

}  // namespace

std::string describe_row(std::uint64_t row, std::string_view meta) {
  const std::string name = "row " + std::to_string(row);
  try {
    return name + " (" + what_is_in(parse_meta(meta)) + ")";
  } catch (const detail::DecodeError&) {
    return name;
  }
}

}  // namespace zonda
