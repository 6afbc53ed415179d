// What a store says when it cannot go on.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace zonda {

// A whole sentence, with the path it is about, and what to do, if that is known.
struct StoreError : std::runtime_error {
  explicit StoreError(const std::string& sentence, std::string what_to_do = {})
      : std::runtime_error(sentence), advice(std::move(what_to_do)) {}
  std::string advice;
};

struct StoreNotFound : StoreError {  // there is none where one was named
  using StoreError::StoreError;
};
struct StoreRefused : StoreError {  // in use, or in the way
  using StoreError::StoreError;
};

}  // namespace zonda
