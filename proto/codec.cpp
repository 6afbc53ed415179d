// Encoder and decoder, derived from the field lists of messages.h.
#include <zonda/detail/codec_scalar.h>
#include <zonda/detail/handler.h>
#include <zonda/detail/reader.h>

#include <algorithm>
#include <cmath>
#include <msgpack.hpp>
#include <type_traits>

#include "proto/frame.h"
#include "proto/limits.h"

namespace zonda {
namespace {

using detail::DecodeError;
using detail::Reader;
using Packer = msgpack::packer<detail::Output>;

constexpr std::uint8_t kMagic = 'Z';
constexpr std::uint32_t kHeaderFields = 8;

template <class T>
concept Record = requires {
  T::fields;
};

template <class T>
concept Enumeration = std::is_enum_v<T>;

// ------------------------------------------------------------------------------------------------ encode

void put(Packer& packer, bool value) { value ? packer.pack_true() : packer.pack_false(); }
template <std::integral T>
requires(!std::same_as<T, bool>) void put(Packer& packer, T value) { packer.pack(value); }
void put(Packer& packer, double value) { detail::pack_float(packer, value); }
template <Enumeration T>
void put(Packer& packer, T value) {
  packer.pack_uint8(static_cast<std::uint8_t>(value));
}
// A longer text is cut: it is for people, since what names something is shorter and checked where it enters.
void put(Packer& packer, const std::string& value) {
  const auto size = static_cast<std::uint32_t>(std::min(value.size(), kTextBytesMax));
  packer.pack_str(size).pack_str_body(value.data(), size);
}
void put(Packer& packer, std::string_view value) {
  packer.pack_bin(static_cast<std::uint32_t>(value.size()))
      .pack_bin_body(value.data(), static_cast<std::uint32_t>(value.size()));
}
void put(Packer& packer, const JobId& id) {
  put(packer, std::string_view(reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()));
}
void put(Packer& packer, const Column& column) {
  packer.pack_array(2);
  put(packer, column.lengths);
  put(packer, column.payloads);
}
template <class V>
void put(Packer& packer, const std::map<std::string, V>& map) {
  packer.pack_map(static_cast<std::uint32_t>(map.size()));
  for (const auto& [key, value] : map) {
    put(packer, key);
    put(packer, value);
  }
}
template <Record T>
void put(Packer& packer, const T& record);
template <class T>
void put(Packer& packer, const std::vector<T>& list) {
  packer.pack_array(static_cast<std::uint32_t>(list.size()));
  for (const T& entry : list) put(packer, entry);
}
template <Record T>
void put_fields(Packer& packer, const T& record) {
  std::apply([&](const auto&... field) { (put(packer, record.*field.member), ...); }, T::fields);
}
template <Record T>
void put(Packer& packer, const T& record) {
  packer.pack_array(std::tuple_size_v<decltype(T::fields)>);
  put_fields(packer, record);
}

// ------------------------------------------------------------------------------------------------ decode

void get(Reader& reader, bool& value) { value = reader.boolean(); }
template <std::integral T>
requires(!std::same_as<T, bool>) void get(Reader& reader, T& value) { value = reader.integer<T>(); }
void get(Reader& reader, double& value) {
  value = reader.number();
  // Amounts are compared and are keys of ordered maps; what equals nothing has no place there.
  if (!std::isfinite(value)) throw DecodeError("a number that is not finite");
}
template <Enumeration T>
void get(Reader& reader, T& value) {
  value = static_cast<T>(reader.integer<std::uint8_t>());
}
void get(Reader& reader, std::string& value) {
  const std::string_view text = reader.text();
  if (text.size() > kTextBytesMax) throw DecodeError("text too long");
  value = text;
}
void get(Reader& reader, std::string_view& value) { value = reader.binary(); }
void get(Reader& reader, JobId& id) {
  const std::string_view bytes = reader.binary();
  if (bytes.size() != id.bytes.size()) throw DecodeError("an id has 16 bytes");
  std::memcpy(id.bytes.data(), bytes.data(), bytes.size());
}
void get(Reader& reader, Column& column) {
  if (reader.array() != 2) throw DecodeError("a column has two parts");
  column.lengths = reader.binary();
  column.payloads = reader.binary();
  if (!column.consistent()) throw DecodeError("the lengths of a column do not add up");
  if (column.count() > kBatchTasksMax) throw DecodeError("too many tasks in one frame");
}
std::uint32_t list_size(std::uint32_t size) {
  if (size > kListMax) throw DecodeError("list too long");
  return size;
}
template <class V>
void get(Reader& reader, std::map<std::string, V>& map) {
  for (std::uint32_t left = list_size(reader.map()); left > 0; --left) {
    std::string key;
    get(reader, key);
    const auto [at, added] = map.try_emplace(std::move(key));
    if (!added) throw DecodeError("a key comes twice");
    get(reader, at->second);
  }
}
template <Record T>
void get(Reader& reader, T& record);
template <class T>
void get(Reader& reader, std::vector<T>& list) {
  list.resize(list_size(reader.array()));
  for (T& entry : list) get(reader, entry);
}
template <Record T>
void get_fields(Reader& reader, T& record, std::uint32_t present) {
  constexpr std::uint32_t known = std::tuple_size_v<decltype(T::fields)>;
  if (present < known) throw DecodeError("a field is missing");
  std::apply([&](const auto&... field) { (get(reader, record.*field.member), ...); }, T::fields);
  for (std::uint32_t extra = known; extra < present; ++extra) reader.skip();  // from a newer peer
}
template <Record T>
void get(Reader& reader, T& record) {
  get_fields(reader, record, reader.array());
}

// Kinds come beside a column: as many, or none.
void check(const OutcomeRange& range) {
  if (!range.kinds.empty() && range.kinds.size() != range.outcomes.count())
    throw DecodeError("kinds and outcomes differ");
}
void check(const ResultRange& range) {
  if (!range.kinds.empty() && range.kinds.size() != range.outcomes.count())
    throw DecodeError("kinds and outcomes differ");
}
template <class T>
void check(const T& message) {
  if constexpr (requires { message.ranges; }) {
    for (const auto& range : message.ranges) {
      if constexpr (requires { range.outcomes; }) check(range);
    }
  }
}

constexpr bool is_bulk(MessageType type) {
  return type == MessageType::Append || type == MessageType::Outcomes || type == MessageType::Tasks ||
         type == MessageType::Results || type == MessageType::Piece || type == MessageType::Reply ||
         type == MessageType::Holdings || type == MessageType::Output || type == MessageType::JobOutput ||
         type == MessageType::Returned || type == MessageType::Stop || type == MessageType::Retract ||
         type == MessageType::Started;
}

// How peers find out that they speak different versions, and agree on one: the same in every version.
constexpr bool is_versionless(MessageType type) {
  return type == MessageType::Hello || type == MessageType::Welcome || type == MessageType::Refuse ||
         type == MessageType::Who;
}

template <std::size_t At = 0>
Message decode_fields(Reader& reader, MessageType type, std::uint32_t present) {
  if constexpr (At == std::variant_size_v<Message>) {
    throw DecodeError("unknown message type");
  } else {
    using T = std::variant_alternative_t<At, Message>;
    if (T::type != type) return decode_fields<At + 1>(reader, type, present);
    T message;
    if constexpr (std::tuple_size_v < decltype(T::fields) >> 0) {
      get_fields(reader, message, present);
    } else {
      for (; present > 0; --present) reader.skip();
    }
    check(message);
    return message;
  }
}

Frame decode_or_throw(std::string_view bytes) {
  Reader reader(bytes);
  const std::uint32_t count = reader.array();
  if (count < kHeaderFields || reader.integer<std::uint8_t>() != kMagic)
    throw DecodeError("not a frame of ours");
  const auto version = reader.integer<std::uint8_t>();
  const auto type = static_cast<MessageType>(reader.integer<std::uint8_t>());
  if (version != kProtocolMax && !is_versionless(type))
    throw DecodeError("protocol version " + std::to_string(version) + " is not spoken here");
  if (!is_bulk(type) && bytes.size() > kControlFrameBytesMax) throw DecodeError("control frame too large");
  Frame frame;
  get(reader, frame.header.session);
  get(reader, frame.header.seq);
  get(reader, frame.header.ack);
  get(reader, frame.header.credit_tasks);
  get(reader, frame.header.credit_bytes);
  frame.message = decode_fields(reader, type, count - kHeaderFields);
  reader.expect_end();
  return frame;
}

// What the views of a message hold: nearly all of a large frame.
std::size_t bytes_of(const Column& column) { return column.lengths.size() + column.payloads.size(); }
std::size_t bytes_of(std::string_view bytes) { return bytes.size(); }
template <class T>
std::size_t bytes_of(const T&) {
  return 0;
}
template <Record T>
std::size_t bytes_of(const T& record);
template <class T>
std::size_t bytes_of(const std::vector<T>& list) {
  constexpr std::size_t kEntryBytes = 64;  // around the views; a guess that is rarely too small
  std::size_t sum = kEntryBytes * list.size();
  for (const T& entry : list) sum += bytes_of(entry);
  return sum;
}
template <Record T>
std::size_t bytes_of(const T& record) {
  if constexpr (std::tuple_size_v < decltype(T::fields) >> 0) {
    return std::apply(
        [&](const auto&... field) { return (std::size_t{0} + ... + bytes_of(record.*field.member)); },
        T::fields);
  } else {
    return 0;
  }
}

}  // namespace

std::string encode(const Header& header, const Message& message) {
  constexpr std::size_t kAroundBytes = 256;  // header and plain fields
  detail::Output out;
  // Once, so that a large frame is not copied while it grows.
  out.bytes().reserve(kAroundBytes + std::visit([](const auto& value) { return bytes_of(value); }, message));
  Packer packer(out);
  std::visit(
      [&]<class T>(const T& value) {
        packer.pack_array(kHeaderFields + static_cast<std::uint32_t>(std::tuple_size_v<decltype(T::fields)>));
        packer.pack_uint8(kMagic).pack_uint8(kProtocolMax).pack_uint8(static_cast<std::uint8_t>(T::type));
        packer.pack_uint64(header.session).pack_uint64(header.seq).pack_uint64(header.ack);
        packer.pack_uint64(header.credit_tasks).pack_uint64(header.credit_bytes);
        if constexpr (std::tuple_size_v < decltype(T::fields) >> 0) put_fields(packer, value);
      },
      message);
  return std::move(out.bytes());
}

std::variant<Frame, BadFrame> decode(std::string_view bytes) {
  try {
    return decode_or_throw(bytes);
  } catch (const DecodeError& error) {
    const std::string_view reason = error.what();
    return BadFrame{std::string(reason), reason.starts_with("protocol version")};
  }
}

}  // namespace zonda
