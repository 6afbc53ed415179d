#include "tests/disk/small_store.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

#include "tests/contract/store_under_test.h"

namespace zonda {

const std::string kArguments = "these are arguments";
const std::string kOutcome = "this is an outcome";

std::unique_ptr<SqliteStore> open_store(const std::string& path) {
  return SqliteStore::open(DataDirectory::open(path, false));
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc).write(bytes.data(), std::ssize(bytes));
}

std::map<std::string, std::string> files_of(const std::string& path) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    if (entry.path().filename() != "lock") files[entry.path().filename()] = read_file(entry.path());
  }
  return files;
}

void damage(const std::string& path, const std::string& text) {
  std::string bytes = read_file(path + "/store.sqlite");
  const std::size_t at = bytes.find(text);
  REQUIRE(at != std::string::npos);
  bytes[at] ^= 1;
  write_file(path + "/store.sqlite", bytes);
}

std::string text_of(const StoreReport& report) {
  std::string all;
  for (const std::string& each : report.wrong) all += each + "\n";
  return all;
}

void make_small_store(const std::string& path) {
  const auto store = open_store(path);
  commit(*store, {opened(1, true), appended(1, 0, 2, "whole"), appended(1, 2, 3, kArguments), opened(2)});
  commit(*store,
         {finished(1, 0, 0, 1, "whole"), finished(1, 1, 1, 1, kOutcome), finished(1, 2, 2, 1, "whole")});
  JobSummary summary;
  summary.id = job_id(2);
  commit(*store, {record::Summarised{summary}, opened(2)});  // it was opened again
  commit(*store, {record::Joined{job_id(101), "worker", "host"}, record::Closed{job_id(1), 5, false}});
}

}  // namespace zonda
