#include "worker/executor/outcome.h"

#include <zonda/detail/handler.h>
#include <zonda/detail/reader.h>

#include <msgpack.hpp>

#include "proto/report.h"

namespace zonda {

std::string encode_report_with_result(const TaskReport& report, std::string_view result) {
  const std::string plain = encode_report(report);
  detail::Reader reader(plain);
  const std::uint32_t fields = reader.map();
  detail::Output out;
  msgpack::packer<detail::Output> packer(out);
  packer.pack_map(fields + 1);
  out.write(reader.position(), reader.bytes_left());
  packer.pack("result").pack_bin(static_cast<std::uint32_t>(result.size()));
  packer.pack_bin_body(result.data(), static_cast<std::uint32_t>(result.size()));
  return std::move(out.bytes());
}

std::string_view result_of_report(std::string_view report_bytes) {
  try {
    detail::Reader reader(report_bytes);
    for (std::uint32_t left = reader.map(); left > 0; --left) {
      if (reader.text() == "result") return reader.binary();
      reader.skip();
    }
  } catch (const detail::DecodeError&) {
  }
  return {};
}

std::string restated_as(TaskReport::Kind kind, std::uint8_t was, std::string_view payload) {
  TaskReport report;
  if (was != kValue) report = decode_report(payload).value_or(TaskReport{});
  report.kind = kind;
  report.type = to_string(kind);
  report.message = kind == TaskReport::timed_out ? "took longer than its timeout" : "cancelled while it ran";
  const std::string_view result = was == kValue ? std::string_view{} : result_of_report(payload);
  return result.empty() ? encode_report(report) : encode_report_with_result(report, result);
}

}  // namespace zonda
