#include "cli/readable_json.h"

#include "command_line/escape.h"

namespace zonda::cli {

void set_bytes(Json& object, const std::string& name, std::string_view bytes) {
  object[name] = std::string(bytes);
  if (!is_utf8(bytes)) object[name + "_base64"] = encode_base64(bytes);
}

std::string encode_base64(std::string_view bytes) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    std::uint32_t group = 0;
    for (std::size_t part = 0; part < 3; ++part)
      group = group << 8 | (at + part < bytes.size() ? static_cast<unsigned char>(bytes[at + part]) : 0U);
    for (std::size_t digit = 0; digit < 4; ++digit)
      text += at + digit <= bytes.size() ? kDigits[group >> (18 - 6 * digit) & 63] : '=';
  }
  return text;
}

Json readable(Json value) {
  if (value.is_binary()) {
    const auto& bytes = value.get_binary();
    std::string text(bytes.begin(), bytes.end());
    return is_utf8(text) ? Json(std::move(text)) : Json{{"base64", encode_base64(text)}};
  }
  if (value.is_structured()) {
    for (Json& part : value) part = readable(std::move(part));
  }
  return value;
}

}  // namespace zonda::cli
