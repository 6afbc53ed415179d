// Sets (msgpack arrays) and maps. A duplicate is an error where the container would drop it.
#pragma once

#include <zonda/detail/codec_base.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace zonda::detail {

template <class T>
const T& key_of(const T& element) {
  return element;
}
template <class Key, class Value>
const Key& key_of(const std::pair<const Key, Value>& entry) {
  return entry.first;
}

template <class Container>
concept Hashed = requires(const typename Container::key_type& key) {
  typename Container::hasher;
  key < key;
};

// Visits in key order also what has none of its own: equal arguments must have equal bytes, since Call::key
// compares them.
template <class Container, class F>
void for_each_in_order(const Container& container, F&& f) {
  using Entry = typename Container::value_type;
  if constexpr (Hashed<Container>) {
    std::vector<const Entry*> entries;
    entries.reserve(container.size());
    for (const Entry& entry : container) entries.push_back(&entry);
    std::sort(entries.begin(), entries.end(),
              [](const Entry* a, const Entry* b) { return key_of(*a) < key_of(*b); });
    for (const Entry* entry : entries) f(*entry);
  } else {
    for (const Entry& entry : container) f(entry);
  }
}

template <class Set>
struct SetCodec {
  using Element = typename Set::value_type;

  static void encode(Output& out, const Set& set, int depth) {
    Packer packer(out);
    packer.pack_array(size32(set.size()));
    for_each_in_order(set, [&](const Element& element) { Codec<Element>::encode(out, element, depth); });
  }
  static Set decode(Reader& reader, int depth) {
    const std::uint32_t count = reader.array();
    Set set;
    for (std::uint32_t i = 0; i < count; ++i) set.insert(Codec<Element>::decode(reader, depth));
    if (set.size() != count) throw DecodeError("duplicate element in a set");
    return set;
  }
  static void describe(SignatureWriter& writer) {
    writer << "list[";
    Codec<Element>::describe(writer);
    writer << "]";
  }
};

template <class Map>
struct MapCodec {
  using Key = typename Map::key_type;
  using Value = typename Map::mapped_type;

  static void encode(Output& out, const Map& map, int depth) {
    Packer packer(out);
    packer.pack_map(size32(map.size()));
    for_each_in_order(map, [&](const typename Map::value_type& entry) {
      Codec<Key>::encode(out, entry.first, depth);
      Codec<Value>::encode(out, entry.second, depth);
    });
  }
  static Map decode(Reader& reader, int depth) {
    const std::uint32_t count = reader.map();
    Map map;
    for (std::uint32_t i = 0; i < count; ++i) {
      Key key = Codec<Key>::decode(reader, depth);  // before the value: arguments have no order
      map.emplace(std::move(key), Codec<Value>::decode(reader, depth));
    }
    if (map.size() != count) throw DecodeError("duplicate key in a map");
    return map;
  }
  static void describe(SignatureWriter& writer) {
    writer << "map[";
    Codec<Key>::describe(writer);
    writer << ", ";
    Codec<Value>::describe(writer);
    writer << "]";
  }
};

template <class T, class... More>
struct Codec<std::set<T, More...>> : SetCodec<std::set<T, More...>> {};
template <class T, class... More>
struct Codec<std::multiset<T, More...>> : SetCodec<std::multiset<T, More...>> {};
template <class T, class... More>
struct Codec<std::unordered_set<T, More...>> : SetCodec<std::unordered_set<T, More...>> {};
template <class T, class... More>
struct Codec<std::unordered_multiset<T, More...>> : SetCodec<std::unordered_multiset<T, More...>> {};

template <class K, class V, class... More>
struct Codec<std::map<K, V, More...>> : MapCodec<std::map<K, V, More...>> {};
template <class K, class V, class... More>
struct Codec<std::multimap<K, V, More...>> : MapCodec<std::multimap<K, V, More...>> {};
template <class K, class V, class... More>
struct Codec<std::unordered_map<K, V, More...>> : MapCodec<std::unordered_map<K, V, More...>> {};
template <class K, class V, class... More>
struct Codec<std::unordered_multimap<K, V, More...>> : MapCodec<std::unordered_multimap<K, V, More...>> {};

}  // namespace zonda::detail
