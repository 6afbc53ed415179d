#include "cli/bench_functions.h"

#include <zonda/detail/bind.h>

#include "cli/daemons.h"

namespace zonda::cli {

void add_bench_functions(Handlers& handlers) {
  handlers.add(detail::make_handler(bench::kEchoNumber, [](std::int64_t number) { return number; }));
  handlers.add(detail::make_handler(bench::kEchoText, [](std::string text) { return text; }));
}

}  // namespace zonda::cli
