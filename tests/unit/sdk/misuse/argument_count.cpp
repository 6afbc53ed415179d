// error: zonda: a call with the wrong number of arguments
#include <zonda/function.h>

inline constexpr zonda::Function<int(int, int)> add{"math.add"};

#ifdef ZONDA_MISUSE
auto call = add(1);
#else
auto call = add(1, 2);
#endif
