#include "proto/wire/daemon_log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

namespace zonda {

void begin_daemon_log(const std::string& name, bool quiet) {
  spdlog::set_default_logger(spdlog::stderr_color_mt(name));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e %^%l%$ %v");
  if (quiet) spdlog::set_level(spdlog::level::warn);
}

}  // namespace zonda
