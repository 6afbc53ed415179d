// Answers to QUERY: msgpack maps with the fields that the command line shows. Fields are only ever added.
#pragma once

#include <zonda/detail/codec_scalar.h>
#include <zonda/detail/handler.h>

#include <msgpack.hpp>
#include <string>

#include "broker/core/broker_core.h"

namespace zonda {

using AnswerPacker = msgpack::packer<detail::Output>;

// One answer: the entries of a list, or one map.
class Answer {
 public:
  detail::Output out;
  AnswerPacker packer{out};

  template <class T>
  Answer& field(const char* name, const T& value) {
    packer.pack(name);
    packer.pack(value);
    return *this;
  }
  // As floats whatever their value: msgpack-cxx would try to make integers of whole ones.
  Answer& field(const char* name, double value) {
    packer.pack(name);
    detail::pack_float(packer, value);
    return *this;
  }
  Answer& field(const char* name, const std::map<std::string, double>& amounts) {
    packer.pack(name).pack_map(static_cast<std::uint32_t>(amounts.size()));
    for (const auto& [key, amount] : amounts) {
      packer.pack(key);
      detail::pack_float(packer, amount);
    }
    return *this;
  }
  Answer& time(const char* name, std::optional<UtcTime> time);  // seconds since the epoch, or nil
};

const char* state_name(JobState state, bool complete, const JobCounts& counts);
void pack_job(Answer& answer, const Job& job);
void pack_summary(Answer& answer, const JobSummary& summary);
void pack_worker(Answer& answer, const WorkerRecord& worker);

}  // namespace zonda
