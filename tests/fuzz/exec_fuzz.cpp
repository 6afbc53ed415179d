// The maps of zonda.exec: a request or a result, or a DecodeError; both survive another round.
#include <zonda/detail/reader.h>

#include "tests/fuzz/input.h"
#include "worker/executor/exec_function.h"

using namespace zonda;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    const ExecRequest request = decode_exec_arguments(bytes);
    ZONDA_ASSERT(decode_exec_arguments(encode_exec_arguments(request)) == request);
  } catch (const detail::DecodeError&) {
  }
  try {
    const ExecResult result = decode_exec_result(bytes);
    const ExecResult again = decode_exec_result(encode_exec_result(result));
    ZONDA_ASSERT(again == result || result.seconds != result.seconds);
  } catch (const detail::DecodeError&) {
  }
  exec_result_of(bytes);
  return 0;
}
