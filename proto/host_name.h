// What this machine calls itself: told to the broker, and written where people look for who has a lock.
#pragma once

#include <string>

namespace zonda {

std::string host_name();  // "localhost" if it has no name

}  // namespace zonda
