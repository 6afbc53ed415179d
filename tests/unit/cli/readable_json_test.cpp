#include "cli/readable_json.h"

using namespace zonda::cli;

TEST_CASE("base 64 is padded") {
  CHECK(encode_base64("").empty());
  CHECK(encode_base64("f") == "Zg==");
  CHECK(encode_base64("fo") == "Zm8=");
  CHECK(encode_base64("foo") == "Zm9v");
  CHECK(encode_base64("foob") == "Zm9vYg==");
  CHECK(encode_base64("\xff\xfe\xfd") == "//79");
}

TEST_CASE("bytes become text if they can") {
  const Json value{{"a", Json::binary({'h', 'i'})}, {"b", {Json::binary({0xff}), 1}}};
  CHECK(readable(value) == Json{{"a", "hi"}, {"b", {{{"base64", "/w=="}}, 1}}});
}

TEST_CASE("bytes that are no text come exact, too") {
  Json object;
  set_bytes(object, "stdout", "Grüße");
  set_bytes(object, "stderr", "\xff\xfe\xfd");
  CHECK(to_text(object) == R"({"stdout":"Grüße","stderr":"���","stderr_base64":"//79"})");
}
