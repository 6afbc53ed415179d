// functions.h — shared by client and worker; no bodies, no code generation
#pragma once
#include <zonda/fields.h>
#include <zonda/function.h>

#include <cstdint>
#include <string>

struct Point {
  double x, y;
  ZONDA_FIELDS(Point, x, y)
};

namespace fn {
inline constexpr zonda::Function<std::int64_t(std::int64_t)> square{"math.square"};
inline constexpr zonda::Function<std::string(std::string, int)> repeat{"text.repeat"};
inline constexpr zonda::Function<Point(Point, double)> scale{"geometry.scale"};
}  // namespace fn
