// Records as bytes, without their payloads: msgpack arrays of the fields in record_fields.h.
#pragma once

#include <zonda/detail/handler.h>
#include <zonda/detail/reader.h>

#include <string_view>
#include <vector>

#include "broker/core/records.h"

namespace zonda {

// What happened to a job's attempts in one commit: Attempted and Fenced, in their order.
using AttemptList = std::vector<const Record*>;

void encode_record(detail::Output& out, const Record& record);  // not of Forgotten and Left: these are deeds
void encode_released(detail::Output& out, const record::Released& record);
void encode_attempts(detail::Output& out, const AttemptList& attempts);

// The opposite. Views point into `body`. Throws DecodeError if these are not exactly the bytes of one.
template <class T>
T decode_record(std::string_view body);
std::vector<Record> decode_attempts(std::string_view body);

}  // namespace zonda
