#include "broker/core/records.h"

namespace zonda {

namespace {
constexpr std::uint64_t kRecordBytes = 256;  // of one, beside its payload
}  // namespace

std::uint64_t bytes_of(const std::vector<Record>& records) {
  std::uint64_t sum = 0;
  for (const Record& any : records) {
    sum += kRecordBytes;
    if (const auto* batch = std::get_if<record::Appended>(&any)) sum += batch->bytes;
    if (const auto* outcome = std::get_if<record::Finished>(&any)) sum += outcome->bytes;
  }
  return sum;
}

}  // namespace zonda
