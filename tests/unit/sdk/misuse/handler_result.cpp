// error: zonda: what the handler returns does not convert to the function's result
#include <zonda/detail/bind.h>

inline constexpr zonda::Function<int(int)> square{"math.square"};

#ifdef ZONDA_MISUSE
auto handler = zonda::detail::make_handler(square, [](int) { return std::string(); });
#else
auto handler = zonda::detail::make_handler(square, [](int x) { return x * x; });
#endif
