#include "cli/man_page.h"

#include <algorithm>
#include <catch2/catch.hpp>

using namespace zonda::cli;
using Catch::Contains;

TEST_CASE("a page for the tool and one for each command, in which nothing is taken for a request") {
  Command run{
      .name = "run", .summary = ".Runs it.", .operands = "-- CMD", .examples = "tool run -- a\\b\n.x"};
  run.options = {{"shell", 's', "", "with a shell", {}}, {"name", 0, "N-M", "'quoted", {}}};
  Command list{.name = "list", .summary = "Lists them.", .operands = "", .examples = ""};
  Command job{.name = "job", .summary = "Jobs.", .operands = "", .examples = ""};
  job.children = {list};
  Command root{.name = "tool", .summary = "Does things.", .operands = "", .examples = "tool run"};
  root.children = {run, job};
  root.notes = "exit codes: 0 ok\n";
  const std::vector<ManPage> pages = man_pages(root, {{"broker", 'b', "ADDR", "where", {}}}, "tool 1");
  REQUIRE(pages.size() == 3);
  CHECK(pages[0].name == "tool.1");
  CHECK_THAT(pages[0].text, Contains(".TH TOOL 1 \"\" \"tool 1\"") && Contains("tool \\- Does things\n") &&
                                Contains("\\fBtool\\-run\\fR(1)") &&
                                Contains("\\fB\\-\\-broker\\fR \\fIADDR") &&
                                Contains(".SH EXIT STATUS\nexit codes: 0 ok"));
  CHECK(pages[1].name == "tool-run.1");
  CHECK_THAT(pages[1].text, Contains("\n\\&.Runs it.") && Contains("a\\eb\n\\&.x\n") &&
                                Contains("\n\\&'quoted") && Contains("\\fB\\-s\\fR, \\fB\\-\\-shell\\fR\n") &&
                                Contains("\\fIN\\-M\\fR"));
  CHECK_THAT(pages[2].text, Contains(".SS tool job list\nLists them."));
}
