#include "proto/arrived_frame.h"

#include <catch2/catch.hpp>
#include <memory>
#include <string>

using namespace zonda;

namespace {

// A frame with a column of two values in it, and other bytes before and behind it.
struct Sent {
  Sent(std::size_t value, std::size_t around) {
    const std::uint32_t lengths[] = {static_cast<std::uint32_t>(value), static_cast<std::uint32_t>(value)};
    owner.assign(around, '<');
    owner.append(reinterpret_cast<const char*>(lengths), sizeof lengths);
    owner.append(value, 'a').append(value, 'b').append(around, '>');
    column = {std::string_view(owner).substr(around, 8),
              std::string_view(owner).substr(around + 8, 2 * value)};
  }
  ArrivedFrame frame() {
    return {owner, [](const std::string& bytes) { return std::string_view(bytes); }};
  }

  std::string owner;
  Column column;
};

bool is_whole(const Column& column, std::size_t value) {
  return column.count() == 2 && column.consistent() &&
         column.payloads == std::string(value, 'a') + std::string(value, 'b');
}

constexpr std::size_t kLargeValue = 64 * 1024;

}  // namespace

TEST_CASE("a large column is kept by keeping its frame") {
  Sent sent(kLargeValue, 30);
  const Column before = sent.column;
  Slab slab;
  {
    ArrivedFrame frame = sent.frame();
    slab = frame.keep(sent.column);
  }
  CHECK(sent.owner.empty());
  CHECK(sent.column.payloads.data() == before.payloads.data());
  CHECK(slab.size() == 60 + 8 + 2 * kLargeValue);
  CHECK((is_whole(sent.column, kLargeValue)));
}

TEST_CASE("what is small, little of its frame, or not in it, is copied") {
  Sent sent(kLargeValue, 30);
  ArrivedFrame frame = sent.frame();
  SECTION("a small frame") {
    Sent small(100, 0);
    ArrivedFrame its_frame = small.frame();
    const Slab slab = its_frame.keep(small.column);
    CHECK(slab.size() == 8 + 200);
    CHECK_FALSE(small.owner.empty());
    CHECK(is_whole(small.column, 100));
  }
  SECTION("a small part") {
    Sent part(1'000, kLargeValue);
    ArrivedFrame its_frame = part.frame();
    const Slab slab = its_frame.keep(part.column);
    CHECK(slab.size() == 8 + 2'000);
    CHECK_FALSE(part.owner.empty());
    CHECK(is_whole(part.column, 1'000));
  }
  SECTION("of another frame, as a message that came in pieces is") {
    Sent other(kLargeValue, 0);
    const Slab slab = frame.keep(other.column);
    CHECK(slab.size() == 8 + 2 * kLargeValue);
    CHECK_FALSE(sent.owner.empty());
    other.owner.assign(other.owner.size(), '?');
    CHECK((is_whole(other.column, kLargeValue)));
  }
  SECTION("bytes of somebody's") {
    ArrivedFrame view = std::string_view(sent.owner);
    const Slab slab = view.keep(sent.column);
    sent.owner.assign(sent.owner.size(), '?');
    CHECK((is_whole(sent.column, kLargeValue)));
    CHECK(view.give_up(view.bytes().size()).size() == 0);
  }
}

TEST_CASE("a frame that has given up its memory shares it") {
  Sent sent(kLargeValue, 30);
  ArrivedFrame frame = sent.frame();
  CHECK(frame.give_up(kLargeValue).size() == 0);  // half of it is not enough
  const Slab whole = frame.give_up(2 * kLargeValue);
  CHECK(whole.view().data() == frame.bytes().data());
  CHECK(frame.give_up(2 * kLargeValue).view().data() == whole.view().data());
}

TEST_CASE("what a slab took over ends with its last copy") {
  const auto witness = std::make_shared<const std::string>("bytes");
  Slab slab = Slab::adopt(witness, [](const auto& owner) { return std::string_view(*owner); });
  CHECK(slab.view().data() == witness->data());
  CHECK(witness.use_count() == 2);
  Slab other = slab;
  slab = {};
  CHECK(witness.use_count() == 2);
  other = Slab("else");
  CHECK(witness.use_count() == 1);
}
