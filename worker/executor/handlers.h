// The functions an executor serves, by name and signature. Filled before executors start, then only read.
#pragma once

#include <zonda/detail/handler.h>

#include <string_view>
#include <vector>

namespace zonda {

class Handlers {
 public:
  // False if this name and signature are taken: the first stays.
  bool add(detail::Handler handler);
  // Null if nobody serves it. An empty signature is any. Looked up once per Work, so a walk of a sorted
  // vector is plenty.
  const detail::Handler* find(std::string_view name, std::string_view signature) const;

  const std::vector<detail::Handler>& all() const { return handlers_; }  // ordered by name and signature

 private:
  std::vector<detail::Handler> handlers_;
};

}  // namespace zonda
