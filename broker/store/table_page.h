// A page of one of SQLite's tables, read without SQLite. Nothing in it is believed: what does not fit into
// the page is not there. https://sqlite.org/fileformat2.html has the layout.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace zonda {

inline constexpr std::uint32_t kPageBytes = 4096;

std::uint32_t big_integer(std::string_view bytes, std::size_t at);  // 0 beyond the end

// Where a row is.
struct TableCell {
  std::uint64_t row = 0;
  std::uint64_t bytes = 0;  // of the record, with what is on other pages
  std::uint32_t page = 0;
  std::uint32_t at = 0;      // in the page
  std::uint32_t here = 0;    // bytes that are in the page
  std::uint32_t beyond = 0;  // the page with the rest; 0: there is none
};

enum class PageKind : std::uint8_t { Rows, Inner, Other };
PageKind kind_of_page(std::string_view page);

std::vector<TableCell> cells_of(std::string_view page, std::uint32_t number);
std::vector<std::uint32_t> children_of(std::string_view page);

// The lengths of a record's columns, which are blobs but for the first, and where they begin. Empty: it is no
// record of ours, or `record` has not all of its head.
struct RecordShape {
  std::uint64_t begin = 0;
  std::vector<std::uint64_t> blobs;
};
RecordShape shape_of(std::string_view record);

}  // namespace zonda
