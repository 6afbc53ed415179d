// error: zonda: an optional of something that can be empty itself cannot be sent
#include <zonda/function.h>

#ifdef ZONDA_MISUSE
inline constexpr zonda::Function<std::optional<std::optional<int>>()> find{"find"};
#else
inline constexpr zonda::Function<std::optional<int>()> find{"find"};
#endif

const std::string& signature = find.signature();
