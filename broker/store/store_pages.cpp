#include "broker/store/store_pages.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "broker/store/store_error.h"

namespace zonda {
namespace {

int open_if_there(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0 && errno != ENOENT) throw StoreError("cannot read " + path + ": " + std::strerror(errno));
  return file;
}

}  // namespace

StorePages::StorePages(const std::string& database)
    : database_(open_if_there(database)),
      log_(open_if_there(database + "-wal")),
      frames_(database + "-wal"),
      logged_(frames_.pages(false)) {
  count_pages();
}

StorePages::~StorePages() {
  if (database_ >= 0) close(database_);
  if (log_ >= 0) close(log_);
}

bool StorePages::read_on() {
  if (!frames_.goes_on()) return false;
  logged_ = frames_.pages(true);
  count_pages();
  return true;
}

// A damaged frame can have any number of a page: no more pages are believed in than there are bytes for.
void StorePages::count_pages() {
  struct stat status {};
  const bool there = database_ >= 0 && fstat(database_, &status) == 0;
  const std::uint64_t in_file =
      there ? (static_cast<std::uint64_t>(status.st_size) + kPageBytes - 1) / kPageBytes : 0;
  const std::uint64_t most = in_file + logged_.size();
  count_ = static_cast<std::uint32_t>(in_file);
  for (const auto& [page, at] : logged_) {
    if (page <= most) count_ = std::max(count_, page);
  }
}

std::string StorePages::read(std::uint32_t page) const {
  std::string bytes(kPageBytes, '\0');
  if (page == 0) return bytes;
  const auto logged = logged_.find(page);
  const int file = logged == logged_.end() ? database_ : log_;
  const std::uint64_t at = logged == logged_.end() ? std::uint64_t{page - 1} * kPageBytes : logged->second;
  if (file >= 0 && pread(file, bytes.data(), kPageBytes, static_cast<off_t>(at)) < 0 && errno != EIO)
    throw StoreError(std::string("cannot read a page of the store: ") + std::strerror(errno));
  return bytes;
}

std::string StorePages::read(const TableCell& cell, std::uint64_t from, std::uint64_t bytes) const {
  const std::uint64_t end = std::min(cell.bytes, from + bytes);
  std::string content;
  std::uint64_t at = 0;  // in the record
  const auto take = [&](std::string_view part) {
    part = part.substr(0, std::min<std::uint64_t>(part.size(), end - at));
    if (at + part.size() > from) content.append(part.substr(at < from ? from - at : 0));
    at += part.size();
  };
  const std::string first = read(cell.page);
  take(std::string_view(first).substr(cell.at, cell.here));
  for (std::uint32_t page = cell.beyond; at < end && page != 0 && page <= count_;) {
    const std::string more = read(page);
    take(std::string_view(more).substr(4));
    page = big_integer(more, 0);
  }
  return content;
}

std::optional<StoreState> StorePages::state() const {
  for (const TableCell& cell : cells_of(read(kStateRoot), kStateRoot)) {
    const std::string record = read(cell, 0, cell.here);
    const RecordShape shape = shape_of(record);
    if (shape.blobs.size() == 1 && record.size() == shape.begin + shape.blobs[0])
      return decode_state(std::string_view(record).substr(shape.begin));
  }
  return std::nullopt;
}

// Its head is in page 1: the first page of the list, and how many are on it.
std::optional<StorePages::Numbers> StorePages::free_pages() const {
  const std::string head = read(1);
  if (!head.starts_with(std::string_view("SQLite format 3\0\x10\0", 18))) return std::nullopt;
  Numbers free;
  const auto add = [&](std::uint32_t page) {
    return page > kStateRoot && page <= count_ && free.insert(page).second;
  };
  for (std::uint32_t list = big_integer(head, 32); list != 0;) {
    if (!add(list)) return std::nullopt;
    const std::string page = read(list);
    const std::uint32_t entries = big_integer(page, 4);
    if (entries > kPageBytes / 4 - 2) return std::nullopt;
    for (std::uint32_t entry = 0; entry < entries; ++entry) {
      if (!add(big_integer(page, 8 + 4 * std::size_t{entry}))) return std::nullopt;
    }
    list = big_integer(page, 0);
  }
  if (free.size() != big_integer(head, 36)) return std::nullopt;
  return free;
}

StorePages::Numbers StorePages::tree_pages() const {
  Numbers seen{kRowsRoot};
  for (std::vector<std::uint32_t> todo{kRowsRoot}; !todo.empty();) {
    const std::string page = read(todo.back());
    todo.pop_back();
    if (kind_of_page(page) != PageKind::Inner) continue;
    for (const std::uint32_t child : children_of(page)) {
      if (child > kStateRoot && child <= count_ && seen.insert(child).second) todo.push_back(child);
    }
  }
  return seen;
}

}  // namespace zonda
