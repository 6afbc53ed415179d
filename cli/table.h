// A table for people: header in capitals, numbers to the right, no borders, so that grep and awk work.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace zonda::cli {

enum class Align { Left, Right };

struct TableColumn {
  std::string header;
  Align align = Align::Left;
};

class Table {
 public:
  explicit Table(std::vector<TableColumn> columns) : columns_(std::move(columns)) {}

  // One cell a column; texts of others are escaped, empty ones are shown as "-" so that columns can be
  // counted.
  void add(std::vector<std::string> cells);

  // width 0: lines are as long as they are (output is not a terminal); else they are cut to it.
  std::string text(std::size_t width) const;

 private:
  std::vector<TableColumn> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// Names and values below each other: "queued     12".
std::string format_fields(const std::vector<std::pair<std::string, std::string>>& fields);

}  // namespace zonda::cli
