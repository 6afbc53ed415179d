// What a store says when it cannot go on.
#pragma once

#include <stdexcept>

namespace zonda {

// A whole sentence, with the path it is about.
struct StoreError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct StoreNotFound : StoreError {  // there is none where one was named
  using StoreError::StoreError;
};
struct StoreRefused : StoreError {  // in use, or in the way
  using StoreError::StoreError;
};

}  // namespace zonda
