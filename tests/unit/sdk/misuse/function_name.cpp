// error: refuse_function_name
#include <zonda/function.h>

#ifdef ZONDA_MISUSE
inline constexpr zonda::Function<void()> say{"say it"};
#else
inline constexpr zonda::Function<void()> say{"say.it"};
#endif
