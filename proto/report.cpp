#include "proto/report.h"

#include <zonda/detail/handler.h>
#include <zonda/detail/reader.h>

#include <algorithm>
#include <array>
#include <msgpack.hpp>
#include <utility>

namespace zonda {
namespace {

using Packer = msgpack::packer<detail::Output>;

void pack_attempt(Packer& packer, const TaskReport::Attempt& attempt) {
  packer.pack_array(5).pack_uint8(attempt.kind).pack_uint32(attempt.number);
  packer.pack(attempt.worker).pack(attempt.host).pack(attempt.message);
}

TaskReport::Kind read_kind(detail::Reader& reader) {
  const auto kind = reader.integer<std::uint8_t>();
  if (kind < TaskReport::failed || kind > TaskReport::expired) throw detail::DecodeError("unknown kind");
  return static_cast<TaskReport::Kind>(kind);
}

TaskReport::Attempt read_attempt(detail::Reader& reader) {
  TaskReport::Attempt attempt;
  if (reader.array() != 5) throw detail::DecodeError("an attempt has five fields");
  attempt.kind = read_kind(reader);
  attempt.number = reader.integer<std::uint32_t>();
  attempt.worker = reader.text();
  attempt.host = reader.text();
  attempt.message = reader.text();
  return attempt;
}

void read_field(detail::Reader& reader, std::string_view key, TaskReport& report) {
  if (key == "kind")
    report.kind = read_kind(reader);
  else if (key == "type")
    report.type = reader.text();
  else if (key == "message")
    report.message = reader.text();
  else if (key == "signal")
    report.signal = reader.integer<int>();
  else if (key == "exit_code")
    report.exit_code = reader.integer<int>();
  else if (key == "stderr_tail")
    report.stderr_tail = reader.text();
  else if (key == "peak_rss_bytes")
    report.peak_rss_bytes = reader.integer<std::uint64_t>();
  else if (key == "worker")
    report.worker = reader.text();
  else if (key == "host")
    report.host = reader.text();
  else if (key == "attempts")
    report.attempts = reader.integer<int>();
  else if (key == "history") {
    for (std::uint32_t left = reader.array(); left > 0; --left)
      report.history.push_back(read_attempt(reader));
  } else {
    reader.skip();
  }
}

constexpr std::array<std::string_view, 11> kFields{"kind",      "type",        "message",        "signal",
                                                   "exit_code", "stderr_tail", "peak_rss_bytes", "worker",
                                                   "host",      "attempts",    "history"};

// The entries of an encoded report that TaskReport has no members for, and how many they are.
std::pair<std::string, std::uint32_t> other_fields(std::string_view told) {
  std::pair<std::string, std::uint32_t> others;
  if (!decode_report(told)) return others;
  detail::Reader reader(told);
  for (std::uint32_t left = reader.map(); left > 0; --left) {
    const char* begin = reader.position();
    const std::string_view key = reader.text();
    reader.skip();
    if (std::find(kFields.begin(), kFields.end(), key) != kFields.end()) continue;
    others.first.append(begin, reader.position());
    ++others.second;
  }
  return others;
}

}  // namespace

std::string encode_report(const TaskReport& report) { return encode_report(report, {}); }

std::string encode_report(const TaskReport& report, std::string_view told) {
  const auto [others, other_count] = other_fields(told);
  detail::Output out;
  Packer packer(out);
  packer.pack_map(static_cast<std::uint32_t>(kFields.size()) + other_count);
  packer.pack("kind").pack_uint8(report.kind);
  packer.pack("type").pack(report.type);
  packer.pack("message").pack(report.message);
  packer.pack("signal").pack_int(report.signal);
  packer.pack("exit_code").pack_int(report.exit_code);
  packer.pack("stderr_tail").pack(report.stderr_tail);
  packer.pack("peak_rss_bytes").pack_uint64(report.peak_rss_bytes);
  packer.pack("worker").pack(report.worker);
  packer.pack("host").pack(report.host);
  packer.pack("attempts").pack_int(report.attempts);
  packer.pack("history").pack_array(static_cast<std::uint32_t>(report.history.size()));
  for (const TaskReport::Attempt& attempt : report.history) pack_attempt(packer, attempt);
  out.write(others.data(), others.size());
  return std::move(out.bytes());
}

std::optional<TaskReport> decode_report(std::string_view bytes) {
  try {
    TaskReport report;
    detail::Reader reader(bytes);
    for (std::uint32_t left = reader.map(); left > 0; --left) {
      const std::string_view key = reader.text();
      read_field(reader, key, report);
    }
    reader.expect_end();
    return report;
  } catch (const detail::DecodeError&) {
    return std::nullopt;
  }
}

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

const char* to_string(TaskReport::Kind kind) {
  switch (kind) {
    case TaskReport::failed: return "failed";
    case TaskReport::crashed: return "crashed";
    case TaskReport::timed_out: return "timed_out";
    case TaskReport::cancelled: return "cancelled";
    case TaskReport::lost: return "lost";
    case TaskReport::rejected: return "rejected";
    case TaskReport::unreachable: return "unreachable";
    case TaskReport::expired: return "expired";
  }
  return "unknown";
}

}  // namespace zonda
