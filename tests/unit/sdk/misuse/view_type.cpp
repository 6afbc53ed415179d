// error: zonda: values of this type cannot be sent
#include <zonda/function.h>

#ifdef ZONDA_MISUSE
inline constexpr zonda::Function<void(std::string_view)> say{"say"};
#else
inline constexpr zonda::Function<void(std::string)> say{"say"};
#endif

auto call = say("hello");
