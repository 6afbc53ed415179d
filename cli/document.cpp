#include "cli/document.h"

namespace zonda::cli {
namespace {

Json with_schema(const std::string& schema) { return Json{{"schema", schema}}; }

}  // namespace

std::string format_list(const CommonOptions& common, const ListView& view, const Json& entries,
                        std::size_t width) {
  std::string text;
  if (common.ids()) {
    for (const Json& entry : entries) text += view.id(entry) + "\n";
  } else if (common.output == "jsonl") {
    for (const Json& entry : entries) text += to_text(entry) + "\n";
  } else if (common.output == "json") {
    Json document = with_schema(view.schema);
    document[view.field] = entries;
    text = to_indented_text(document) + "\n";
  } else {
    Table table(view.columns);
    for (const Json& entry : entries) table.add(view.row(entry));
    text = table.text(width);
  }
  return text;
}

std::string format_thing(const CommonOptions& common, const ThingView& view, const Json& thing) {
  if (common.ids()) return view.id(thing) + "\n";
  if (!common.json()) return format_fields(view.fields(thing));
  Json document = with_schema(view.schema);
  document.update(thing);
  return (common.output == "jsonl" ? to_text(document) : to_indented_text(document)) + "\n";
}

void print_list(Environment& environment, const ListView& view, const Json& entries) {
  environment.out.write(format_list(environment.common, view, entries, environment.out.columns()));
}

void print_thing(Environment& environment, const ThingView& view, const Json& thing) {
  environment.out.write(format_thing(environment.common, view, thing));
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
