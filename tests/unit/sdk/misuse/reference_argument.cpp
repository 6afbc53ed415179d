// error: zonda: a function takes values, or references to const
#include <zonda/function.h>

#ifdef ZONDA_MISUSE
inline constexpr zonda::Function<void(std::string&)> say{"say"};
#else
inline constexpr zonda::Function<void(const std::string&)> say{"say"};
#endif

auto call = say("hello");
