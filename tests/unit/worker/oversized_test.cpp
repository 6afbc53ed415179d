#include "worker/core/oversized.h"

#include <zonda/task_report.h>

#include <catch2/catch.hpp>

#include "proto/report.h"

using namespace zonda;

namespace {

Finished finished(const std::vector<std::string>& payloads) {
  Finished result;
  for (const std::string& payload : payloads) {
    const auto length = static_cast<std::uint32_t>(payload.size());
    result.lengths.append(reinterpret_cast<const char*>(&length), 4);
    result.payloads += payload;
  }
  return result;
}

std::vector<std::string> values(const Finished& finished) {
  std::vector<std::string> all;
  for_each_value(Column{finished.lengths, finished.payloads},
                 [&](std::uint32_t, std::string_view value) { all.emplace_back(value); });
  return all;
}

}  // namespace

TEST_CASE("a result above the limit becomes a failure that names both numbers, its neighbours stay") {
  Finished outcomes = finished({"small", std::string(301, 'x'), std::string(300, 'y')});
  replace_oversized(outcomes, 300);
  const std::vector<std::string> all = values(outcomes);
  REQUIRE(all.size() == 3);
  CHECK(outcomes.kinds == std::string("\0\1\0", 3));
  CHECK(all[0] == "small");
  CHECK(all[2] == std::string(300, 'y'));
  const std::optional<TaskReport> report = decode_report(all[1]);
  REQUIRE(report);
  CHECK(report->kind == TaskReport::failed);
  CHECK(report->type == "ResultTooLarge");
  CHECK(report->message == "result of 301 bytes is larger than the limit of 300");
}

TEST_CASE("a report above the limit stays of its kind") {
  Finished outcomes = finished({std::string(301, 'x')});
  outcomes.kinds.assign(1, static_cast<char>(TaskReport::crashed));
  replace_oversized(outcomes, 300);
  CHECK(outcomes.kinds[0] == static_cast<char>(TaskReport::crashed));
  CHECK(decode_report(values(outcomes)[0])->kind == TaskReport::crashed);
}

TEST_CASE("results that fit are not touched, nor any without a limit") {
  Finished outcomes = finished({std::string(200, 'x'), std::string(200, 'y')});
  replace_oversized(outcomes, 200);
  replace_oversized(outcomes, 0);
  CHECK(outcomes.kinds.empty());
  CHECK(values(outcomes)[1] == std::string(200, 'y'));
}
