#include "cli/document.h"

#include "command_line/complaint.h"

using namespace zonda::cli;

TEST_CASE("times are RFC 3339 in UTC") {
  CHECK(format_time(0) == "1970-01-01T00:00:00.000Z");
  CHECK(format_time(1769846400.25) == "2026-01-31T08:00:00.250Z");
  CHECK(format_time(1769846399.9999) == "2026-01-31T08:00:00.000Z");
  CHECK(format_time(-0.5) == "1969-12-31T23:59:59.500Z");
  Json job{{"started", 0.0}, {"finished", nullptr}};
  format_times(job, {"submitted", "started", "finished"});
  CHECK(job == Json{{"started", "1970-01-01T00:00:00.000Z"}, {"finished", nullptr}});
}

TEST_CASE("values survive msgpack, and bytes that are not UTF-8 do not break a document") {
  const Json value = Json::parse(R"({"b":[1,-2,2.5,"x",null,true],"a":{"z":1}})");
  CHECK(to_text(from_msgpack(to_msgpack(value))) == to_text(value));
  CHECK(to_text(Json("\xff")) == "\"\xef\xbf\xbd\"");
  CHECK_THROWS_AS(from_msgpack("\xc1"), Complaint);
  CHECK_THROWS_AS(parse_json("{a:1}", "the arguments"), Complaint);
}
