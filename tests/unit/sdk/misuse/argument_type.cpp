// error: ArgumentAt<2,
#include <zonda/function.h>

inline constexpr zonda::Function<std::string(std::string, int)> repeat{"text.repeat"};

#ifdef ZONDA_MISUSE
auto call = repeat("a", "b");
#else
auto call = repeat("a", 2);
#endif
