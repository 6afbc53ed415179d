#include "cli/document.h"

namespace zonda::cli {
namespace {

Json with_schema(const std::string& schema) { return Json{{"schema", schema}}; }

}  // namespace

void print_list(Environment& environment, const ListView& view, const Json& entries) {
  if (environment.ids()) {
    for (const Json& entry : entries) environment.out.write(view.id(entry) + "\n");
  } else if (environment.common.output == "jsonl") {
    for (const Json& entry : entries) environment.out.write(to_text(entry) + "\n");
  } else if (environment.common.output == "json") {
    Json document = with_schema(view.schema);
    document[view.field] = entries;
    environment.out.write(to_indented_text(document) + "\n");
  } else {
    Table table(view.columns);
    for (const Json& entry : entries) table.add(view.row(entry));
    environment.out.write(table.text(environment.out.columns()));
  }
}

void print_thing(Environment& environment, const ThingView& view, const Json& thing) {
  if (environment.ids()) return environment.out.write(view.id(thing) + "\n");
  if (!environment.json()) return environment.out.write(format_fields(view.fields(thing)));
  Json document = with_schema(view.schema);
  document.update(thing);
  const bool line = environment.common.output == "jsonl";
  environment.out.write((line ? to_text(document) : to_indented_text(document)) + "\n");
}

void format_times(Json& object, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const auto at = object.find(name);
    if (at != object.end() && at->is_number()) *at = format_time(at->get<double>());
  }
}

std::string text_of(const Json& object, const std::string& name) {
  const auto at = object.find(name);
  if (at == object.end() || at->is_null()) return "";
  return at->is_string() ? at->get<std::string>() : to_text(*at);
}

}  // namespace zonda::cli
