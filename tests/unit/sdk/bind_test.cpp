#include <zonda/detail/bind.h>

#include <catch2/catch.hpp>

#include "tests/unit/sdk/allocations.h"

using namespace zonda;
using namespace zonda::detail;
using Catch::Matchers::Contains;

namespace {

constexpr Function<std::int64_t(std::int64_t)> kSquare{"math.square"};
constexpr Function<std::string(std::string, int)> kRepeat{"text.repeat"};
constexpr Function<void(const std::string&)> kStore{"store"};
constexpr Function<double()> kHalf{"half"};
constexpr Function<std::unique_ptr<int>(std::unique_ptr<int>)> kPass{"pass"};

class Control : public TaskControl {
 public:
  bool stopping() const override { return false; }
  std::stop_token stop_token() override { return {}; }
  void progress(std::uint64_t done, std::uint64_t, std::string_view) override { progress_ = done; }
  std::uint32_t attempt() const override { return 3; }
  Token token() const override { return {1, 2}; }
  TaskId task() const override { return {JobId{}, 9}; }
  void output(OutputStream, std::uint64_t, std::string_view) override {}
  std::uint64_t output_room() const override { return 0; }
  void command_group(int) override {}

  std::uint64_t progress_ = 0;
};

std::string serve(const Handler& handler, std::string_view arguments) {
  Control control;
  Output out;
  handler.call(control, arguments, out);
  return out.bytes();
}

template <class T>
std::string bytes_of(const T& value) {
  Output out;
  encode(out, value);
  return out.bytes();
}

}  // namespace

TEST_CASE("a handler serves a call by name, signature and bytes") {
  const Handler handler = make_handler(kSquare, [](std::int64_t x) { return x * x; });
  CHECK(handler.name == "math.square");
  CHECK(handler.signature == "(int) -> int");
  CHECK(serve(handler, kSquare(-7).arguments()) == bytes_of(49));
}

TEST_CASE("a handler gets the task's context if it wants it") {
  const Handler handler = make_handler(kRepeat, [](Context& context, std::string text, int times) {
    context.progress(5, 10);
    return text + std::to_string(times) + "/" + std::to_string(context.attempt()) + "/" +
           std::to_string(context.task().index);
  });
  Control control;
  Output out;
  handler.call(control, kRepeat("a", 2).arguments(), out);
  CHECK(out.bytes() == bytes_of(std::string("a2/3/9")));
  CHECK(control.progress_ == 5);
}

TEST_CASE("results convert, and no result is nil") {
  std::string stored;
  CHECK(serve(make_handler(kStore, [&](const std::string& text) { stored = text; }),
              kStore("x").arguments()) == "\xc0");
  CHECK(stored == "x");
  CHECK(serve(make_handler(kHalf, [] { return 1; }), kHalf().arguments()) == bytes_of(1.0));
}

TEST_CASE("values and code may be movable only") {
  const Handler handler = make_handler(kPass, [held = std::make_unique<int>(1)](std::unique_ptr<int> given) {
    *given += *held;
    return given;
  });
  CHECK(serve(handler, kPass(std::make_unique<int>(4)).arguments()) == bytes_of(5));
}

TEST_CASE("the result is appended to what the output holds") {
  Control control;
  Output out;
  out.write("before", 6);
  make_handler(kHalf, [] { return 0.5; }).call(control, kHalf().arguments(), out);
  CHECK(out.bytes() == "before" + bytes_of(0.5));
}

TEST_CASE("arguments that are not what the signature says never reach user code") {
  bool called = false;
  const Handler handler = make_handler(kRepeat, [&](const std::string&, int) {
    called = true;
    return std::string();
  });
  const std::string good(kRepeat("a", 1).arguments());
  CHECK_THROWS_WITH(serve(handler, bytes_of(std::tuple(std::string("a")))),
                    Contains("expected 2 arguments, got 1"));
  CHECK_THROWS_WITH(serve(handler, bytes_of(std::tuple(std::string("a"), 1, 2))),
                    Contains("expected 2 arguments, got 3"));
  CHECK_THROWS_WITH(serve(handler, bytes_of(std::tuple(std::string("a"), true))),
                    "argument 2: expected an integer, got a bool");
  CHECK_THROWS_WITH(serve(handler, bytes_of(std::tuple(1, 1))),
                    "argument 1: expected a string, got an integer");
  CHECK_THROWS_WITH(serve(handler, bytes_of(std::tuple(std::string("a"), 1LL << 40))),
                    "argument 2: integer out of range");
  CHECK_THROWS_AS(serve(handler, good + "\xc0"), DecodeError);
  CHECK_THROWS_AS(serve(handler, ""), DecodeError);
  CHECK_FALSE(called);
  CHECK_NOTHROW(serve(handler, good));
  CHECK(called);
}

TEST_CASE("what user code throws comes out as it is") {
  const Handler handler = make_handler(kHalf, []() -> double { throw std::out_of_range("no"); });
  CHECK_THROWS_AS(serve(handler, kHalf().arguments()), std::out_of_range);
}

TEST_CASE("a call from integer to integer allocates nothing") {
  const Handler handler = make_handler(kSquare, [](std::int64_t x) { return x + 1; });
  const std::string arguments(kSquare(1LL << 50).arguments());
  Control control;
  Output out;
  out.bytes().reserve(64);
  const std::uint64_t before = allocations_of_this_thread();
  for (int i = 0; i < 100; ++i) {
    out.bytes().clear();
    handler.call(control, arguments, out);
  }
  CHECK(allocations_of_this_thread() == before);
}
