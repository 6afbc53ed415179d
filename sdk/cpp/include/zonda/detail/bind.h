// A function and the code that serves it, as a handler without types.
#pragma once

#include <zonda/context.h>
#include <zonda/detail/arguments.h>
#include <zonda/detail/codec.h>
#include <zonda/detail/handler.h>
#include <zonda/function.h>

#include <concepts>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace zonda::detail {

template <class F, class... A>
inline constexpr bool kTakesArguments = std::is_invocable_v<F&, ValueOf<A>...>;
template <class F, class... A>
inline constexpr bool kTakesContext = std::is_invocable_v<F&, Context&, ValueOf<A>...>;

// User code that takes arguments with and without a context, called alike.
template <class F, class... A>
decltype(auto) invoke_handler(F& callable, [[maybe_unused]] TaskControl& control, ValueOf<A>&&... argument) {
  if constexpr (kTakesArguments<F, A...>) {
    return std::invoke(callable, std::move(argument)...);
  } else {
    Context context(control);
    return std::invoke(callable, context, std::move(argument)...);
  }
}

template <class R, class... A, class F>
void run_handler(F& callable, TaskControl& control, std::string_view bytes, Output& out) {
  auto arguments = decode_arguments<A...>(bytes);
  const auto call = [&](ValueOf<A>&... argument) -> decltype(auto) {
    return invoke_handler<F, A...>(callable, control, std::move(argument)...);
  };
  if constexpr (std::is_void_v<R>) {
    std::apply(call, arguments);
    encode(out, std::monostate{});
  } else {
    encode_argument<ValueOf<R>>(out, std::apply(call, arguments));
  }
}

// std::function wants to copy what it holds; what cannot be copied is shared.
template <class R, class... A, class F>
auto erase(F&& callable) {
  using Callable = std::decay_t<F>;
  if constexpr (std::copy_constructible<Callable>) {
    return [held = Callable(std::forward<F>(callable))](TaskControl& control, std::string_view arguments,
                                                        Output& out) mutable {
      run_handler<R, A...>(held, control, arguments, out);
    };
  } else {
    return [held = std::make_shared<Callable>(std::forward<F>(callable))](
               TaskControl& control, std::string_view arguments, Output& out) {
      run_handler<R, A...>(*held, control, arguments, out);
    };
  }
}

// The callable is called from as many threads at once as the executor has.
// Throws what user code throws, and DecodeError before user code is called.
template <class R, class... A, class F>
Handler make_handler(const Function<R(A...)>& function, F&& callable) {
  using Callable = std::decay_t<F>;
  constexpr bool kCallable = kTakesArguments<Callable, A...> || kTakesContext<Callable, A...>;
  static_assert(
      kCallable,
      "zonda: the handler is not callable with the function's arguments, nor with (Context&, arguments...)");
  if constexpr (kCallable) {
    using Returned = decltype(invoke_handler<Callable, A...>(
        std::declval<Callable&>(), std::declval<TaskControl&>(), std::declval<ValueOf<A>>()...));
    constexpr bool kReturns = std::is_void_v<R> || std::is_convertible_v<Returned, ValueOf<R>>;
    static_assert(kReturns, "zonda: what the handler returns does not convert to the function's result");
    if constexpr (kReturns) {
      return {std::string(function.name()), function.signature(), erase<R, A...>(std::forward<F>(callable))};
    }
  }
  return {};
}

}  // namespace zonda::detail
