// error: zonda: values of this type cannot be sent
#include <zonda/function.h>

struct Clock {
  int ticks = 0;
#ifndef ZONDA_MISUSE
  ZONDA_FIELDS(Clock, ticks)
#endif
};
struct Watch {
  Clock clock;
  ZONDA_FIELDS(Watch, clock)
};
inline constexpr zonda::Function<void(Watch)> wind{"wind"};

auto call = wind(Watch{});
