// What a join token is shown for: a key of its own for whoever shows it.
#pragma once

#include <string>

#include "proto/keys/key_pair.h"

namespace zonda {

struct Enrolment {
  PublicKey token;
  PublicKey key;
  std::string name;  // of the new key
};

}  // namespace zonda
