// What the blame client asks for and the blame worker does.
#pragma once

#include <zonda/function.h>

#include <cstdint>

namespace blame {

// Answers the number, or dies of it.
inline constexpr zonda::Function<std::int64_t(std::int64_t, std::int64_t deadly)> survive{"blame.survive"};
// Takes so many bytes of memory.
inline constexpr zonda::Function<std::int64_t(std::int64_t)> eat{"blame.eat"};

// Never ends, whatever it is asked.
inline constexpr zonda::Function<std::int64_t(std::int64_t)> hang{"blame.hang"};

}  // namespace blame
