#include "cli/table.h"

using namespace zonda::cli;

TEST_CASE("a table has capitals, numbers to the right, and no borders") {
  Table table({{"WORKER"}, {"SLOTS", Align::Right}, {"STATE"}});
  table.add({"w1", "4", "active"});
  table.add({"grün-12", "128", ""});
  CHECK(table.text(0) ==
        "WORKER   SLOTS  STATE\n"
        "w1           4  active\n"
        "grün-12    128  -\n");
}

TEST_CASE("only a terminal cuts lines") {
  Table table({{"NAME"}, {"TEXT"}});
  table.add({"a", "äöü and more"});
  CHECK(table.text(10) == "NAME  TEXT\na     äöü…\n");
  CHECK(table.text(0) == "NAME  TEXT\na     äöü and more\n");
}

TEST_CASE("cells are escaped") {
  Table table({{"NAME"}});
  table.add({"\x1b[31m\n"});
  CHECK(table.text(0) == "NAME\n\\x1b[31m\\x0a\n");
}

TEST_CASE("fields stand below each other") {
  CHECK(format_fields({{"job", "x"}, {"finished", ""}}) == "job       x\nfinished  -\n");
}
