// What the test workers serve.
#pragma once

#include <zonda/function.h>

#include <cstdint>
#include <string>
#include <vector>

namespace zonda::test {

inline constexpr Function<std::int64_t(std::int64_t)> square{"test.square"};
inline constexpr Function<std::int64_t(std::string)> length{"test.length"};
inline constexpr Function<std::string(std::string, int)> repeat{"test.repeat"};
inline constexpr Function<void(std::string)> fail_with{"test.fail"};
inline constexpr Function<void()> nothing{"test.nothing"};
// Waits until the gate of its name is opened or it is stopped; says progress 1/2 before.
inline constexpr Function<std::string(std::string)> wait_for{"test.wait"};
// 0 waits until 250000 has run.
inline constexpr Function<std::int64_t(std::int64_t)> slow_zero{"test.slow_zero"};
// Says its progress as fast as it can, so many times or until it is stopped.
inline constexpr Function<int(int)> chatter{"test.chatter"};
// Answers with something else than its type says.
inline constexpr Function<std::int64_t()> liar{"test.liar"};

}  // namespace zonda::test
