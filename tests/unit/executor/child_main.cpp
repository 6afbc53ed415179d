// Children of the process executor are this program again, so that /proc/self/exe is tested as it is used.
// Catch's main is wrapped by the linker (--wrap=main).
#include <unistd.h>

#include <cstdlib>
#include <optional>

#include "tests/unit/executor/test_handlers.h"
#include "worker/executor/child.h"

extern "C" int __real_main(int argc, char** argv);
extern "C" int __wrap_main(int argc, char** argv) {
  if (std::getenv(kWithHelper) != nullptr) start_helper();
  if (const std::optional<int> code = zonda::run_as_child(argc, argv, test_handlers())) return *code;
  return __real_main(argc, argv);
}
