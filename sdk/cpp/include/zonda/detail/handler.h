// A function as a worker serves it, with its types erased.
#pragma once

#include <zonda/detail/task_control.h>

#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace zonda::detail {

// Where a result is encoded to: what msgpack's packer needs, over a string that is reused.
class Output {
 public:
  void write(const char* data, std::size_t size) { bytes_.append(data, size); }
  std::string& bytes() { return bytes_; }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

struct Handler {
  std::string name;
  std::string signature;
  // Decodes `arguments` (a msgpack array), calls user code, appends the encoded result to `out`.
  // Throws DecodeError if the arguments are not what the signature says, and whatever user code throws.
  std::function<void(TaskControl& control, std::string_view arguments, Output& out)> call;
};

}  // namespace zonda::detail
