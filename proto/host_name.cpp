#include "proto/host_name.h"

#include <unistd.h>

namespace zonda {

std::string host_name() {
  char name[256] = {};
  const bool has_name = gethostname(name, sizeof name - 1) == 0 && name[0] != '\0';
  return has_name ? name : "localhost";
}

}  // namespace zonda
