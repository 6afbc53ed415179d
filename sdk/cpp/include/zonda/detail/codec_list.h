// Sequences: msgpack arrays.
#pragma once

#include <zonda/detail/codec_base.h>
#include <zonda/detail/codec_scalar.h>
#include <zonda/detail/codec_text.h>

#include <array>
#include <cstring>
#include <deque>
#include <list>
#include <vector>

namespace zonda::detail {

// Collects many small writes into one: appending each number of a large vector to the string by itself costs
// more than encoding it.
class ChunkedOutput {
 public:
  explicit ChunkedOutput(Output& out) : out_(out) {}
  ChunkedOutput(const ChunkedOutput&) = delete;
  ChunkedOutput& operator=(const ChunkedOutput&) = delete;

  void write(const char* data, std::size_t size) {  // msgpack writes a number in at most 9 bytes
    if (size > sizeof chunk_ - used_) flush();
    std::memcpy(chunk_ + used_, data, size);
    used_ += size;
  }
  void flush() {
    out_.write(chunk_, used_);
    used_ = 0;
  }

 private:
  Output& out_;
  std::size_t used_ = 0;
  char chunk_[1024];
};

template <class List>
void encode_numbers(Output& out, const List& numbers) {
  ChunkedOutput chunked(out);
  msgpack::packer<ChunkedOutput> packer(chunked);
  for (const auto number : numbers) pack_number(packer, number);
  chunked.flush();
}

template <class List>
void encode_elements(Output& out, const List& list, int depth) {
  using Element = typename List::value_type;
  if constexpr (Number<Element>) {
    encode_numbers(out, list);
  } else {
    for (const Element& element : list) Codec<Element>::encode(out, element, depth);
  }
}

template <class List>
struct ListCodec {
  using Element = typename List::value_type;

  static void encode(Output& out, const List& list, int depth) {
    Packer packer(out);
    packer.pack_array(size32(list.size()));
    encode_elements(out, list, depth);
  }

  static List decode(Reader& reader, int depth) {
    const std::uint32_t count = reader.array();
    List list;
    if constexpr (Number<Element>) {
      list.resize(count);  // at most eight bytes for each byte left
      for (Element& element : list) element = Codec<Element>::decode(reader, depth);
    } else {
      if constexpr (requires { list.reserve(count); }) list.reserve(reservable<Element>(count, reader));
      for (std::uint32_t i = 0; i < count; ++i) list.push_back(Codec<Element>::decode(reader, depth));
    }
    return list;
  }

  static void describe(SignatureWriter& writer) {
    writer << "list[";
    Codec<Element>::describe(writer);
    writer << "]";
  }
};

template <class T, class Allocator>
struct Codec<std::vector<T, Allocator>> : ListCodec<std::vector<T, Allocator>> {};

template <class T, class Allocator>
struct Codec<std::deque<T, Allocator>> : ListCodec<std::deque<T, Allocator>> {};

template <class T, class Allocator>
struct Codec<std::list<T, Allocator>> : ListCodec<std::list<T, Allocator>> {};

template <class T, std::size_t N>
struct Codec<std::array<T, N>> {
  static void encode(Output& out, const std::array<T, N>& value, int depth) {
    Packer packer(out);
    packer.pack_array(size32(N));
    encode_elements(out, value, depth);
  }
  static std::array<T, N> decode(Reader& reader, int depth) {
    expect_count(reader.array(), N);
    std::array<T, N> value{};
    for (T& element : value) element = Codec<T>::decode(reader, depth);
    return value;
  }
  static void describe(SignatureWriter& writer) {
    writer << "list[";
    Codec<T>::describe(writer);
    writer << "]";
  }
};

}  // namespace zonda::detail
