// An answer to print: one list or one thing, as a table, JSON, JSON lines or ids.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/environment.h"
#include "cli/json.h"
#include "cli/table.h"

namespace zonda::cli {

// How entries of a list look in a table, and which field is their id.
struct ListView {
  std::string schema;  // "zonda.job.list/1"
  std::string field;   // of the list in the document: "jobs"
  std::function<std::string(const Json&)> id;
  std::vector<TableColumn> columns;
  std::function<std::vector<std::string>(const Json&)> row;
};

// How one thing looks: for people as names and values.
struct ThingView {
  std::string schema;
  std::function<std::string(const Json&)> id;
  std::function<std::vector<std::pair<std::string, std::string>>(const Json&)> fields;
};

// `width` as for Table::text.
std::string format_list(const CommonOptions& common, const ListView& view, const Json& entries,
                        std::size_t width);
std::string format_thing(const CommonOptions& common, const ThingView& view, const Json& thing);

void print_list(Environment& environment, const ListView& view, const Json& entries);
void print_thing(Environment& environment, const ThingView& view, const Json& thing);

// The named fields, which the broker gives in seconds since the epoch, as RFC 3339; null stays null.
void format_times(Json& object, const std::vector<std::string>& names);

// A field as text for people, empty if it is absent or null.
std::string text_of(const Json& object, const std::string& name);

}  // namespace zonda::cli
