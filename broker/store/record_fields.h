// The fields of records as rows hold them, in their order. Payloads and kinds of row are not among them.
//
// A store is read by later versions: fields are never reordered, new ones go to the end and start a new
// kRowVersion (row.h).
#pragma once

#include <tuple>

#include "broker/core/records.h"

namespace zonda {

template <class T>
struct FieldsOf;  // of what has a row, and of what is inside

template <class T>
concept HasMessageFields = requires {
  T::fields;
};
template <class T>
concept HasRowFields = requires {
  FieldsOf<T>::fields;
};

static_assert(std::tuple_size_v<decltype(JobSpec::fields)> == 15,
              "JobSpec grew: give rows a new version, and read the old one");

#define ZONDA_ROW_FIELDS(Type, ...)                         \
  template <>                                               \
  struct FieldsOf<Type> {                                   \
    using T = Type;                                         \
    static constexpr auto fields = std::tuple(__VA_ARGS__); \
  }

ZONDA_ROW_FIELDS(IndexRange, &T::lo, &T::hi);
ZONDA_ROW_FIELDS(Token, &T::epoch, &T::lease);
ZONDA_ROW_FIELDS(TaskReport::Attempt, &T::kind, &T::number, &T::worker, &T::host, &T::message);
ZONDA_ROW_FIELDS(JobCounts, &T::values, &T::failed);  // of a job that is over: nothing is open
ZONDA_ROW_FIELDS(JobSummary, &T::id, &T::age, &T::spec, &T::client_name, &T::state, &T::count, &T::counts,
                 &T::opened_at, &T::started_at, &T::finished_at);
ZONDA_ROW_FIELDS(record::Opened, &T::job, &T::spec, &T::client, &T::scope, &T::owner, &T::incarnation,
                 &T::at);
ZONDA_ROW_FIELDS(record::Appended, &T::job, &T::first, &T::count, &T::digest, &T::bytes, &T::at);
ZONDA_ROW_FIELDS(record::Closed, &T::job, &T::count, &T::cancelled);
ZONDA_ROW_FIELDS(record::HandedOut, &T::job, &T::upto, &T::at);
ZONDA_ROW_FIELDS(record::Fenced, &T::job, &T::first, &T::count, &T::token);
ZONDA_ROW_FIELDS(record::Attempted, &T::job, &T::first, &T::count, &T::token, &T::spent, &T::errors,
                 &T::crashes, &T::lost, &T::deaths, &T::group, &T::due, &T::attempt);
ZONDA_ROW_FIELDS(record::Finished, &T::job, &T::position, &T::first, &T::count, &T::attempt, &T::epoch,
                 &T::worker, &T::bytes, &T::at, &T::kinds);
ZONDA_ROW_FIELDS(record::Released, &T::job, &T::position, &T::done, &T::kinds, &T::owner_read);
ZONDA_ROW_FIELDS(record::Summarised, &T::summary);
ZONDA_ROW_FIELDS(record::Joined, &T::peer, &T::name, &T::host);
ZONDA_ROW_FIELDS(record::Stopped::Lease, &T::peer, &T::job, &T::first, &T::count, &T::token);
ZONDA_ROW_FIELDS(record::Stopped, &T::leases);

#undef ZONDA_ROW_FIELDS

}  // namespace zonda
