// Drives a map: pulls inputs as the window allows, and steps through the outcomes, in order or as they come.
// Belongs to the thread that iterates.
#pragma once

#include <zonda/detail/input_source.h>
#include <zonda/detail/outcome_chunk.h>
#include <zonda/job_id.h>
#include <zonda/task_report.h>

#include <cstdint>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

namespace zonda::detail {

class JobStream;

class OutcomeReader {
 public:
  // Without a source it only reads (a job of somebody else). Sends the first inputs at once.
  OutcomeReader(std::shared_ptr<JobStream> stream, std::unique_ptr<InputSource> source);
  ~OutcomeReader();
  OutcomeReader(const OutcomeReader&) = delete;
  OutcomeReader& operator=(const OutcomeReader&) = delete;

  void set_unordered();  // before the first next()
  bool started() const { return started_; }

  // Steps to the next outcome; false after the last one. Throws what the range throws, and what the whole job
  // ended with; it is over then.
  bool next() {
    offset_ += length_;
    if (++at_ >= chunk_.count && !next_chunk()) return false;
    length_ = 0;
    if (!chunk_.lengths.empty())
      std::memcpy(&length_, chunk_.lengths.data() + 4 * std::size_t{at_}, sizeof length_);
    return true;
  }

  std::uint64_t index() const { return chunk_.first + at_; }
  bool has_value() const { return chunk_.kinds.empty() || chunk_.kinds[at_] == 0; }
  std::string_view payload() const { return chunk_.payloads.substr(offset_, length_); }
  TaskReport report() const;  // of an outcome that is not a value

  JobId job() const;
  void cancel();

 private:
  bool next_chunk();
  bool take_next_chunk();
  void sort_in(OutcomeChunk chunk);
  void produce(bool may_stop);
  bool produce_slice(std::uint32_t count);
  void flush();
  void finish_inputs();
  std::uint64_t window() const;
  std::uint64_t room() const;

  std::shared_ptr<JobStream> stream_;
  std::unique_ptr<InputSource> source_;  // null: no more inputs
  InputBatch batch_;
  std::uint64_t appended_ = 0;
  std::uint64_t taken_ = 0;     // outcomes that were received
  std::uint64_t consumed_ = 0;  // outcomes of chunks that were stepped through
  std::uint64_t taken_bytes_ = 0;
  bool ordered_ = true;
  bool started_ = false;
  bool reading_ = false;  // of a job of somebody else
  std::uint64_t next_index_ = 0;
  std::map<std::uint64_t, OutcomeChunk> early_;  // in order: chunks by first index
  std::deque<OutcomeChunk> chunks_;              // that can be stepped through
  std::vector<OutcomeChunk> arrived_;
  OutcomeChunk chunk_;
  std::uint32_t at_ = 0;
  std::uint32_t length_ = 0;
  std::size_t offset_ = 0;
};

}  // namespace zonda::detail
