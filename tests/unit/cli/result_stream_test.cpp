#include "cli/result_stream.h"

#include <unistd.h>

using namespace zonda::cli;

namespace {

// What comes out of a stream that `use` uses.
template <class Use>
std::string written(const std::string& output, Use&& use) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  {
    Sink out(ends[1]);
    CommonOptions common;
    common.output = output;
    ResultStream results(out, common, Json{{"schema", "zonda.map/1"}});
    use(results);
  }
  close(ends[1]);
  char text[4096];
  const ssize_t count = read(ends[0], text, sizeof text);
  close(ends[0]);
  return {text, static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
}

}  // namespace

TEST_CASE("results are one document") {
  CHECK(written("json", [](ResultStream& results) {
          results.open();
          results.add(1);
          results.add(Json{{"a", "b"}});
          results.close();
        }) == "{\"schema\":\"zonda.map/1\",\"results\":[\n1,\n{\"a\":\"b\"}\n]}\n");
  CHECK(written("json", [](ResultStream& results) { results.open(); }) ==
        "{\"schema\":\"zonda.map/1\",\"results\":[]}\n");
}

TEST_CASE("a document that ended early is closed") {
  CHECK(written("json", [](ResultStream& results) { results.add(1); }) ==
        "{\"schema\":\"zonda.map/1\",\"results\":[\n1\n]}\n");
  CHECK(written("json", [](ResultStream&) {}).empty());
}

TEST_CASE("or results are a line each") {
  CHECK(written("jsonl", [](ResultStream& results) {
          results.open();
          results.add(1);
          results.add(Json{{"a", "b"}});
        }) == "1\n{\"a\":\"b\"}\n");
}
