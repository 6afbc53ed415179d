// The printer, derived from the field lists of messages.h.
#include <string>
#include <type_traits>

#include "proto/frame.h"

namespace zonda {
namespace {

template <class T>
concept Record = requires {
  T::fields;
};

std::string text_of(bool value) { return value ? "yes" : "no"; }
std::string text_of(const std::string& value) { return value.empty() ? "-" : value; }
std::string text_of(std::string_view value) { return std::to_string(value.size()) + "B"; }
std::string text_of(const JobId& id) { return to_string(id); }
std::string text_of(double value) {
  std::string text = std::to_string(value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}
std::string text_of(const Column& column) {
  return std::to_string(column.count()) + "x" + std::to_string(column.payloads.size()) + "B";
}
template <class T>
requires(std::integral<T> || std::is_enum_v<T>) std::string text_of(T value) {
  return std::to_string(static_cast<long long>(value));
}
template <class V>
std::string text_of(const std::map<std::string, V>& map) {
  std::string text;
  for (const auto& [key, value] : map) text += (text.empty() ? "" : ",") + key + ":" + text_of(value);
  return "{" + text + "}";
}
template <Record T>
std::string text_of(const T& record);
template <class T>
std::string text_of(const std::vector<T>& list) {
  std::string text;
  for (const T& entry : list) text += (text.empty() ? "" : " ") + text_of(entry);
  return "[" + text + "]";
}
template <Record T>
std::string fields_of(const T& record) {
  std::string text;
  if constexpr (std::tuple_size_v < decltype(T::fields) >> 0) {
    const auto add = [&](const char* name, const std::string& value) {
      text += (text.empty() ? "" : " ") + std::string(name) + "=" + value;
    };
    std::apply([&](const auto&... field) { (add(field.name, text_of(record.*field.member)), ...); },
               T::fields);
  }
  return text;
}
template <Record T>
std::string text_of(const T& record) {
  return "(" + fields_of(record) + ")";
}

}  // namespace

std::string describe(const Message& message) {
  return std::visit(
      []<class T>(const T& value) {
        const std::string fields = fields_of(value);
        return fields.empty() ? std::string(name_of(T::type)) : name_of(T::type) + (" " + fields);
      },
      message);
}

const char* name_of(MessageType type) {
  switch (type) {
    case MessageType::Hello: return "hello";
    case MessageType::Welcome: return "welcome";
    case MessageType::Refuse: return "refuse";
    case MessageType::Who: return "who";
    case MessageType::Heartbeat: return "heartbeat";
    case MessageType::Goodbye: return "goodbye";
    case MessageType::Drain: return "drain";
    case MessageType::Credit: return "credit";
    case MessageType::Piece: return "piece";
    case MessageType::Enrol: return "enrol";
    case MessageType::Enrolled: return "enrolled";
    case MessageType::OpenJob: return "open-job";
    case MessageType::Append: return "append";
    case MessageType::CloseJob: return "close-job";
    case MessageType::Accepted: return "accepted";
    case MessageType::JobRefused: return "job-refused";
    case MessageType::SameJob: return "same-job";
    case MessageType::Attach: return "attach";
    case MessageType::Outcomes: return "outcomes";
    case MessageType::OutcomeAck: return "outcome-ack";
    case MessageType::Cancel: return "cancel";
    case MessageType::Query: return "query";
    case MessageType::Reply: return "reply";
    case MessageType::JobProgress: return "job-progress";
    case MessageType::JobOutput: return "job-output";
    case MessageType::OutputRoom: return "output-room";
    case MessageType::Tasks: return "tasks";
    case MessageType::Started: return "started";
    case MessageType::Retract: return "retract";
    case MessageType::Returned: return "returned";
    case MessageType::Holdings: return "holdings";
    case MessageType::Stored: return "stored";
    case MessageType::Results: return "results";
    case MessageType::Progress: return "progress";
    case MessageType::Output: return "output";
    case MessageType::Stop: return "stop";
  }
  return "unknown";
}

}  // namespace zonda
