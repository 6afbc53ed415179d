// Any text is an address or refused with a sentence; an address parses back from its own text.
#include "proto/wire/address.h"

#include <stdexcept>

#include "tests/fuzz/input.h"

using namespace zonda;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    for (const BaseAddress& address : parse_addresses(text)) {
      ZONDA_ASSERT(parse_address(address.text()) == address);
      for (const Port port : {Port::Front, Port::Back, Port::Sink})
        ZONDA_ASSERT(!address.endpoint(port).empty());
      ZONDA_ASSERT(!(address.is_wildcard() && address.is_loopback()));
      require_bindable(address);
      require_connectable(address);
    }
  } catch (const std::invalid_argument& error) {
    ZONDA_ASSERT(*error.what() != '\0');
  }
  return 0;
}
