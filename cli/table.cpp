#include "cli/table.h"

#include <algorithm>

#include "command_line/escape.h"

namespace zonda::cli {
namespace {

// The first `width` columns of a line; the last of them shows that there was more.
std::string cut(std::string line, std::size_t width) {
  if (width == 0 || columns_of(line) <= width) return line;
  std::size_t at = 0;
  for (std::size_t seen = 0; at < line.size(); ++at) {
    if ((line[at] & 0xc0) != 0x80 && seen++ == width - 1) break;
  }
  line.resize(at);
  return line + "…";
}

void append_cell(std::string& line, const std::string& cell, std::size_t width, Align align) {
  const std::string space(width - columns_of(cell), ' ');
  line += align == Align::Right ? space + cell : cell + space;
}

std::string finish_line(std::string line, std::size_t width) {
  line.erase(line.find_last_not_of(' ') + 1);
  return cut(std::move(line), width) + "\n";
}

}  // namespace

void Table::add(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  for (std::string& cell : cells) cell = cell.empty() ? "-" : escape_line(cell);
  rows_.push_back(std::move(cells));
}

std::string Table::text(std::size_t width) const {
  std::vector<std::size_t> widths;
  for (const TableColumn& column : columns_) widths.push_back(column.header.size());
  for (const auto& row : rows_) {
    for (std::size_t at = 0; at < row.size(); ++at) widths[at] = std::max(widths[at], columns_of(row[at]));
  }
  const auto line_of = [&](auto&& cell_of) {
    std::string line;
    for (std::size_t at = 0; at < columns_.size(); ++at) {
      if (at > 0) line += "  ";
      append_cell(line, cell_of(at), widths[at], columns_[at].align);
    }
    return finish_line(std::move(line), width);
  };
  std::string text = line_of([&](std::size_t at) -> const std::string& { return columns_[at].header; });
  for (const auto& row : rows_)
    text += line_of([&](std::size_t at) -> const std::string& { return row[at]; });
  return text;
}

std::string format_fields(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::size_t width = 0;
  for (const auto& [name, value] : fields) width = std::max(width, name.size());
  std::string text;
  for (const auto& [name, value] : fields) {
    std::string line;
    append_cell(line, name, width, Align::Left);
    text += finish_line(line + "  " + (value.empty() ? "-" : escape_line(value)), 0);
  }
  return text;
}

}  // namespace zonda::cli
