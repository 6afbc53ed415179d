// Where outcomes wait that memory has no room for. Two implementations: worker/spool/file_spool.h and one in
// memory, for tests and the simulator.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace zonda {

class Spool {
 public:
  struct Place {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    std::uint64_t digest = 0;
  };

  virtual ~Spool() = default;

  // Nothing was kept if there is no answer: it is full, or it fails at present. Worth another try later.
  virtual std::optional<Place> put(std::string_view bytes) = 0;
  // False: they cannot be had back, or are not what was put.
  virtual bool get(const Place& place, std::string& bytes) = 0;
  virtual void release(const Place& place) = 0;
};

}  // namespace zonda
