#include "worker/core/oversized.h"

#include <zonda/task_report.h>

#include <string>
#include <utility>

#include "proto/report.h"

namespace zonda {
namespace {

std::string report_too_large(std::uint8_t kind, std::size_t bytes, std::uint64_t payload_max) {
  TaskReport report;
  report.kind = kind == 0 ? TaskReport::failed : static_cast<TaskReport::Kind>(kind);
  report.type = "ResultTooLarge";
  report.message = (kind == 0 ? "result of " : "report of ") + std::to_string(bytes) +
                   " bytes is larger than the limit of " + std::to_string(payload_max);
  return encode_report(report);
}

}  // namespace

void replace_oversized(Finished& finished, std::uint64_t payload_max) {
  if (payload_max == 0 || finished.payloads.size() <= payload_max) return;
  std::string kinds =
      finished.kinds.empty() ? std::string(finished.lengths.size() / 4, '\0') : finished.kinds;
  std::string lengths;
  std::string payloads;
  bool replaced = false;
  for_each_value(Column{finished.lengths, finished.payloads},
                 [&](std::uint32_t at, std::string_view payload) {
                   std::string report;
                   if (payload.size() > payload_max) {
                     const auto kind = static_cast<std::uint8_t>(kinds[at]);
                     report = report_too_large(kind, payload.size(), payload_max);
                     if (kind == 0) kinds[at] = static_cast<char>(TaskReport::failed);
                     payload = report;
                     replaced = true;
                   }
                   const auto length = static_cast<std::uint32_t>(payload.size());
                   lengths.append(reinterpret_cast<const char*>(&length), sizeof length);
                   payloads.append(payload);
                 });
  if (!replaced) return;
  finished.kinds = std::move(kinds);
  finished.lengths = std::move(lengths);
  finished.payloads = std::move(payloads);
}

}  // namespace zonda
