// Values as programs and people read them: JSON has no bytes.
#pragma once

#include "cli/json.h"

namespace zonda::cli {

// Bytes become a string if they are UTF-8, else {"base64": "…"}.
Json readable(Json value);

// The named field as text, which JSON must keep to UTF-8; of other bytes also the exact ones, as
// "NAME_base64".
void set_bytes(Json& object, const std::string& name, std::string_view bytes);

std::string encode_base64(std::string_view bytes);

}  // namespace zonda::cli
