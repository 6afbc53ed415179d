#include "sdk/cpp/src/new_job_id.h"

#include <sys/random.h>

#include <chrono>
#include <cstring>
#include <random>

namespace zonda {

std::uint64_t random_number() {
  std::uint64_t number = 0;
  if (getrandom(&number, sizeof number, 0) == static_cast<ssize_t>(sizeof number)) return number;
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

// UUID version 7, RFC 9562.
JobId new_job_id() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  const auto ms =
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(since).count());
  JobId id;
  for (std::size_t i = 0; i < 6; ++i) id.bytes[i] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
  const std::uint64_t high = random_number();
  const std::uint64_t low = random_number();
  std::memcpy(id.bytes.data() + 6, &high, 2);
  std::memcpy(id.bytes.data() + 8, &low, 8);
  id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0f) | 0x70);
  id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3f) | 0x80);
  return id;
}

}  // namespace zonda
