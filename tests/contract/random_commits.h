// Commits that a broker could make, at random but the same for the same seed.
#pragma once

#include <map>
#include <random>
#include <string>
#include <vector>

#include "broker/core/payload.h"
#include "broker/core/records.h"

namespace zonda {

class RandomCommits {
 public:
  explicit RandomCommits(std::uint64_t seed) : random_(seed) {}

  std::vector<Record> next();
  PayloadName some_payload();  // that may or may not be there
  std::uint64_t below(std::uint64_t end) { return random_() % end; }

 private:
  struct Job {
    std::vector<bool> done;
    std::uint64_t log_end = 0;
    std::uint64_t released = 0;
    bool closed = false;
  };

  std::string value();
  void add_to(std::vector<Record>& records);
  void add_about_workers(std::vector<Record>& records);
  void add_about_job(std::uint8_t number, Job& job, std::vector<Record>& records);
  void append(std::uint8_t number, Job& job, std::vector<Record>& records);
  void finish(std::uint8_t number, Job& job, std::uint64_t first, std::vector<Record>& records);
  void end(std::uint8_t number, std::vector<Record>& records);

  std::mt19937_64 random_;
  std::map<std::uint8_t, Job> jobs_;
};

}  // namespace zonda
