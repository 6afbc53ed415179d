#include "broker/store/record_codec.h"

#include <zonda/detail/codec_scalar.h>

#include <msgpack.hpp>
#include <type_traits>

#include "broker/store/record_fields.h"

namespace zonda {
namespace {

using detail::DecodeError;
using detail::Reader;
using Packer = msgpack::packer<detail::Output>;

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
void put(Packer& packer, std::string_view value) {
  const auto size = static_cast<std::uint32_t>(value.size());
  packer.pack_bin(size).pack_bin_body(value.data(), size);
}
void put(Packer& packer, const std::string& value) { put(packer, std::string_view(value)); }
void put(Packer& packer, const JobId& id) {
  put(packer, std::string_view(reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()));
}
void put(Packer& packer, UtcTime time) {
  put(packer, std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count());
}
void put(Packer& packer, const std::optional<UtcTime>& time) {
  time ? put(packer, *time) : static_cast<void>(packer.pack_nil());
}
template <class V>
void put(Packer& packer, const std::map<std::string, V>& map) {
  packer.pack_map(static_cast<std::uint32_t>(map.size()));
  for (const auto& [key, value] : map) {
    put(packer, key);
    put(packer, value);
  }
}
template <class T, std::size_t N>
void put(Packer& packer, const std::array<T, N>& list) {
  packer.pack_array(N);
  for (const T& entry : list) put(packer, entry);
}
template <HasRowFields T>
void put(Packer& packer, const T& value);
template <class T>
void put(Packer& packer, const std::vector<T>& list) {
  packer.pack_array(static_cast<std::uint32_t>(list.size()));
  for (const T& entry : list) put(packer, entry);
}
void put(Packer& packer, const JobSpec& spec) {
  packer.pack_array(std::tuple_size_v<decltype(JobSpec::fields)>);
  std::apply([&](const auto&... field) { (put(packer, spec.*field.member), ...); }, JobSpec::fields);
}
template <HasRowFields T>
void put(Packer& packer, const T& value) {
  packer.pack_array(std::tuple_size_v<decltype(FieldsOf<T>::fields)>);
  std::apply([&](const auto&... member) { (put(packer, value.*member), ...); }, FieldsOf<T>::fields);
}

// ------------------------------------------------------------------------------------------------ decode

void get(Reader& reader, bool& value) { value = reader.boolean(); }
template <std::integral T>
requires(!std::same_as<T, bool>) void get(Reader& reader, T& value) { value = reader.integer<T>(); }
void get(Reader& reader, double& value) { value = reader.number(); }
template <Enumeration T>
void get(Reader& reader, T& value) {
  value = static_cast<T>(reader.integer<std::uint8_t>());
}
void get(Reader& reader, std::string_view& value) { value = reader.binary(); }
void get(Reader& reader, std::string& value) { value = reader.binary(); }
void get(Reader& reader, JobId& id) {
  const std::string_view bytes = reader.binary();
  if (bytes.size() != id.bytes.size()) throw DecodeError("an id has 16 bytes");
  std::memcpy(id.bytes.data(), bytes.data(), bytes.size());
}
void get(Reader& reader, UtcTime& time) {
  time = UtcTime(std::chrono::duration_cast<UtcTime::duration>(
      std::chrono::nanoseconds(reader.integer<std::int64_t>())));
}
void get(Reader& reader, std::optional<UtcTime>& time) {
  if (reader.next_is_nil()) return reader.nil();
  get(reader, time.emplace());
}
template <class V>
void get(Reader& reader, std::map<std::string, V>& map) {
  for (std::uint32_t left = reader.map(); left > 0; --left) {
    std::string key;
    get(reader, key);
    const auto [at, added] = map.try_emplace(std::move(key));
    if (!added) throw DecodeError("a key comes twice");
    get(reader, at->second);
  }
}
void expect_count(std::uint32_t got, std::size_t expected) {
  if (got != expected) throw DecodeError("another number of fields");
}
template <class T, std::size_t N>
void get(Reader& reader, std::array<T, N>& list) {
  expect_count(reader.array(), N);
  for (T& entry : list) get(reader, entry);
}
template <HasRowFields T>
void get(Reader& reader, T& value);
// The list grows as it is read: what a count says costs nothing until the bytes are there.
template <class T>
void get(Reader& reader, std::vector<T>& list) {
  for (std::uint32_t left = reader.array(); left > 0; --left) get(reader, list.emplace_back());
}
void get(Reader& reader, JobSpec& spec) {
  expect_count(reader.array(), std::tuple_size_v<decltype(JobSpec::fields)>);
  std::apply([&](const auto&... field) { (get(reader, spec.*field.member), ...); }, JobSpec::fields);
}
template <HasRowFields T>
void get(Reader& reader, T& value) {
  expect_count(reader.array(), std::tuple_size_v<decltype(FieldsOf<T>::fields)>);
  std::apply([&](const auto&... member) { (get(reader, value.*member), ...); }, FieldsOf<T>::fields);
}

}  // namespace

void encode_record(detail::Output& out, const Record& record) {
  Packer packer(out);
  std::visit(
      [&]<class T>(const T& value) {
        if constexpr (HasRowFields<T>) put(packer, value);
      },
      record);
}

void encode_released(detail::Output& out, const record::Released& record) {
  Packer packer(out);
  put(packer, record);
}

void encode_attempts(detail::Output& out, const AttemptList& attempts) {
  Packer packer(out);
  packer.pack_array(static_cast<std::uint32_t>(2 * attempts.size()));
  for (const Record* each : attempts) {
    put(packer, std::holds_alternative<record::Fenced>(*each));
    encode_record(out, *each);
  }
}

std::vector<Record> decode_attempts(std::string_view body) {
  Reader reader(body);
  std::vector<Record> attempts;
  for (std::uint32_t left = reader.array(); left > 0; left -= 2) {
    if (left == 1) throw DecodeError("another number of fields");
    bool is_fence = false;
    get(reader, is_fence);
    if (is_fence)
      get(reader, std::get<record::Fenced>(attempts.emplace_back(record::Fenced{})));
    else
      get(reader, std::get<record::Attempted>(attempts.emplace_back(record::Attempted{})));
  }
  reader.expect_end();
  return attempts;
}

template <class T>
T decode_record(std::string_view body) {
  Reader reader(body);
  T record{};
  get(reader, record);
  reader.expect_end();
  return record;
}

template record::Opened decode_record(std::string_view);
template record::Appended decode_record(std::string_view);
template record::Closed decode_record(std::string_view);
template record::HandedOut decode_record(std::string_view);
template record::Finished decode_record(std::string_view);
template record::Released decode_record(std::string_view);
template record::Summarised decode_record(std::string_view);
template record::Joined decode_record(std::string_view);
template record::Stopped decode_record(std::string_view);

}  // namespace zonda
