// error: zonda: the handler is not callable with the function's arguments
#include <zonda/detail/bind.h>

inline constexpr zonda::Function<int(int, int)> add{"math.add"};

#ifdef ZONDA_MISUSE
auto handler = zonda::detail::make_handler(add, [](int a, std::string) { return a; });
#else
auto handler = zonda::detail::make_handler(add, [](zonda::Context&, int a, int b) { return a + b; });
#endif
