#include "tests/unit/proto/vector_text.h"

#include <charconv>
#include <type_traits>

namespace zonda {
namespace {

template <class T>
concept Record = requires {
  T::fields;
};

std::string quoted(std::string_view text) {
  std::string json = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') json += '\\';
    if (static_cast<unsigned char>(c) >= 0x20)
      json += c;
    else
      json += "\\u00" + hex_of({&c, 1});
  }
  return json + "\"";
}

std::string json_of(bool value) { return value ? "true" : "false"; }
std::string json_of(const std::string& value) { return quoted(value); }
std::string json_of(std::string_view value) { return "{\"$bin\": \"" + hex_of(value) + "\"}"; }
std::string json_of(const JobId& id) {
  return json_of(std::string_view(reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()));
}
std::string json_of(double value) {
  char text[32];
  std::string json(text, std::to_chars(text, text + sizeof text, value).ptr);
  return json.find_first_of(".e") == json.npos ? json + ".0" : json;
}
template <class T>
requires(std::integral<T> || std::is_enum_v<T>) std::string json_of(T value) {
  if constexpr (std::is_enum_v<T>)
    return std::to_string(static_cast<unsigned>(value));
  else
    return std::to_string(value);
}
std::string json_of(const Column& column) {
  std::string json;
  for_each_value(column, [&](std::uint32_t, std::string_view bytes) {
    json += (json.empty() ? "\"" : ", \"") + hex_of(bytes) + "\"";
  });
  return "{\"$column\": [" + json + "]}";
}
template <class V>
std::string json_of(const std::map<std::string, V>& map) {
  std::string json;
  for (const auto& [key, value] : map)
    json += (json.empty() ? "" : ", ") + quoted(key) + ": " + json_of(value);
  return "{\"$map\": {" + json + "}}";
}
template <Record T>
std::string json_of(const T& record);
template <class T>
std::string json_of(const std::vector<T>& list) {
  std::string json;
  for (const T& entry : list) json += (json.empty() ? "" : ", ") + json_of(entry);
  return "[" + json + "]";
}
template <Record T>
std::string json_of(const T& record) {
  std::string json;
  const auto add = [&](const char* name, const std::string& value) {
    json += (json.empty() ? "" : ", ") + quoted(name) + ": " + value;
  };
  std::apply([&](const auto&... field) { (add(field.name, json_of(record.*field.member)), ...); }, T::fields);
  return "{" + json + "}";
}

}  // namespace

std::string hex_of(std::string_view bytes) {
  std::string hex;
  for (const char c : bytes) {
    hex += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
    hex += "0123456789abcdef"[static_cast<unsigned char>(c) & 15];
  }
  return hex;
}

std::string header_line(const Header& header) {
  return "header: {\"session\": " + std::to_string(header.session) +
         ", \"seq\": " + std::to_string(header.seq) + ", \"ack\": " + std::to_string(header.ack) +
         ", \"credit_tasks\": " + std::to_string(header.credit_tasks) +
         ", \"credit_bytes\": " + std::to_string(header.credit_bytes) + "}\n";
}

std::string field_lines(const Message& message) {
  std::string lines;
  const auto add = [&](const char* name, const std::string& value) { lines += name + (": " + value) + "\n"; };
  std::visit(
      [&]<class T>(const T& value) {
        if constexpr (std::tuple_size_v < decltype(T::fields) >> 0) {
          std::apply([&](const auto&... field) { (add(field.name, json_of(value.*field.member)), ...); },
                     T::fields);
        }
      },
      message);
  return lines;
}

}  // namespace zonda
