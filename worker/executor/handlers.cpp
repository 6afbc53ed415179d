#include "worker/executor/handlers.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace zonda {
namespace {

using Key = std::tuple<std::string_view, std::string_view>;

Key key_of(const detail::Handler& handler) { return {handler.name, handler.signature}; }
bool is_before(const detail::Handler& handler, const Key& key) { return key_of(handler) < key; }

}  // namespace

bool Handlers::add(detail::Handler handler) {
  const Key key = key_of(handler);
  const auto at = std::lower_bound(handlers_.begin(), handlers_.end(), key, is_before);
  if (at != handlers_.end() && key_of(*at) == key) return false;
  handlers_.insert(at, std::move(handler));
  return true;
}

const detail::Handler* Handlers::find(std::string_view name, std::string_view signature) const {
  const Key key{name, signature};
  const auto at = std::lower_bound(handlers_.begin(), handlers_.end(), key, is_before);
  if (at == handlers_.end() || at->name != name) return nullptr;
  return signature.empty() || at->signature == signature ? &*at : nullptr;
}

}  // namespace zonda
