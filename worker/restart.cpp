#include "worker/restart.h"

#include <linux/close_range.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace zonda {

void restart_program() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::string words{std::istreambuf_iterator<char>(file), {}};  // each ends with a zero
  file.close();
  std::vector<char*> argv;
  for (std::size_t at = 0; at < words.size(); at = words.find('\0', at) + 1) argv.push_back(&words[at]);
  argv.push_back(nullptr);
  ::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);  // by the exec: if that fails, they are needed
  ::execv("/proc/self/exe", argv.data());
}

}  // namespace zonda
