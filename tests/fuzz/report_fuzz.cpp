// Any bytes are a report or nothing; a report survives another round, with a carried result too.
#include "proto/report.h"

#include "tests/fuzz/input.h"
#include "worker/executor/outcome.h"

using namespace zonda;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string_view carried = result_of_report(bytes);
  ZONDA_ASSERT(carried.size() <= size);
  const std::optional<TaskReport> report = decode_report(bytes);
  const std::string restated = restated_as(TaskReport::timed_out, TaskReport::failed, bytes);
  ZONDA_ASSERT(decode_report(restated).value().kind == TaskReport::timed_out);
  if (!report) return 0;
  ZONDA_ASSERT(decode_report(encode_report(*report)) == report);
  const std::string with_result = encode_report_with_result(*report, carried);
  ZONDA_ASSERT(decode_report(with_result) == report);
  ZONDA_ASSERT(result_of_report(with_result) == carried);
  return 0;
}
