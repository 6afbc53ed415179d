// The messages of the golden vectors: at least one of every type.
#pragma once

#include <vector>

#include "proto/frame.h"

namespace zonda {

struct VectorExample {
  const char* name;
  Header header;
  Message message;
};

std::vector<VectorExample> session_examples();
std::vector<VectorExample> client_examples();
std::vector<VectorExample> worker_examples();
std::vector<VectorExample> vector_examples();  // all of them

}  // namespace zonda
