// Values as programs and people read them: JSON has no bytes.
#pragma once

#include "cli/json.h"

namespace zonda::cli {

// Bytes become a string if they are UTF-8, else {"base64": "…"}.
Json readable(Json value);

std::string encode_base64(std::string_view bytes);

}  // namespace zonda::cli
