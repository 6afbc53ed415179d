// The bytes of every message are pinned in proto/vectors. ZONDA_REWRITE=1 writes the files anew: then read
// the diff, since peers in the field still speak what it takes away.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "proto/frame.h"
#include "proto/limits.h"
#include "tests/unit/proto/vector_examples.h"
#include "tests/unit/proto/vector_text.h"

using namespace zonda;
namespace fs = std::filesystem;

namespace {

const fs::path kVectors = ZONDA_PROTO_DIR "/vectors";

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

MessageType type_of(const Message& message) {
  return std::visit([]<class T>(const T&) { return T::type; }, message);
}

template <std::size_t... I>
std::set<MessageType> all_types(std::index_sequence<I...>) {
  return {std::variant_alternative_t<I, Message>::type...};
}
const std::set<MessageType> kTypes = all_types(std::make_index_sequence<std::variant_size_v<Message>>());

std::string number_of(MessageType type) { return std::to_string(static_cast<int>(type)); }

std::string wrapped(const std::string& hex) {
  std::string text = "hex:";
  for (std::size_t at = 0; at < hex.size(); at += 64)
    text += (at == 0 ? " " : "\n     ") + hex.substr(at, 64);
  return text + "\n";
}

std::map<std::string, std::string> files_of_examples() {
  std::map<std::string, std::string> files;
  for (const VectorExample& example : vector_examples()) {
    const MessageType type = type_of(example.message);
    std::string& text = files[name_of(type) + std::string(".txt")];
    if (text.empty()) text = "# " + std::string(name_of(type)) + ", message type " + number_of(type) + "\n";
    text += "\n[" + std::string(example.name) + "]\n" + header_line(example.header) +
            field_lines(example.message) + wrapped(hex_of(encode(example.header, example.message)));
  }
  return files;
}

// The bytes of each example of a file.
std::vector<std::string> frames_in(const std::string& text) {
  std::vector<std::string> frames;
  std::istringstream lines(text);
  bool in_hex = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("hex: ")) frames.emplace_back();
    in_hex = line.starts_with("hex: ") || (in_hex && line.starts_with("     "));
    for (std::size_t at = 5; in_hex && at + 1 < line.size(); at += 2)
      frames.back() += static_cast<char>(std::stoi(line.substr(at, 2), nullptr, 16));
  }
  return frames;
}

}  // namespace

TEST_CASE("messages have the bytes that the golden vectors say") {
  const auto files = files_of_examples();
  if (std::getenv("ZONDA_REWRITE") != nullptr) {
    for (const auto& [name, text] : files) std::ofstream(kVectors / name, std::ios::binary) << text;
  }
  for (const auto& [name, text] : files) {
    INFO(name);
    CHECK(read(kVectors / name) == text);
  }
}

TEST_CASE("golden vectors decode, and encode to themselves") {
  std::size_t frames = 0;
  for (const auto& file : fs::directory_iterator(kVectors)) {
    INFO(file.path().filename().string());
    for (const std::string& bytes : frames_in(read(file.path()))) {
      const std::variant<Frame, BadFrame> decoded = decode(bytes);
      REQUIRE(std::holds_alternative<Frame>(decoded));
      const Frame& frame = std::get<Frame>(decoded);
      CHECK(file.path().stem() == name_of(type_of(frame.message)));
      CHECK(hex_of(encode(frame.header, frame.message)) == hex_of(bytes));
      ++frames;
    }
  }
  CHECK(frames == vector_examples().size());
}

TEST_CASE("every message type has a name, a vector and a row in PROTOCOL.md") {
  std::set<std::string> expected;
  const std::string document = read(ZONDA_PROTO_DIR "/PROTOCOL.md");
  for (int number = 0; number < 256; ++number) {
    const auto type = static_cast<MessageType>(number);
    std::string name = name_of(type);
    INFO("message type " << number << ", " << name);
    CHECK(kTypes.contains(type) == (name != "unknown"));
    if (!kTypes.contains(type)) continue;
    expected.insert(name + ".txt");
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c == '-' ? '_' : static_cast<char>(std::toupper(c)); });
    CHECK(document.find("| " + number_of(type) + " | " + name + " |") != document.npos);
    CHECK(document.find("\n### " + name + " (" + number_of(type) + ")") != document.npos);
  }
  std::set<std::string> found;
  for (const auto& file : fs::directory_iterator(kVectors)) found.insert(file.path().filename().string());
  CHECK(found == expected);
}

TEST_CASE("PROTOCOL.md quotes the limits as they are") {
  const std::string document = read(ZONDA_PROTO_DIR "/PROTOCOL.md");
  const std::pair<const char*, std::uint64_t> limits[] = {
      {"kControlFrameBytesMax", kControlFrameBytesMax},
      {"kFrameBytesMax", kFrameBytesMax},
      {"kPieceBytes", kPieceBytes},
      {"kPayloadBytesMax", kPayloadBytesMax},
      {"kBatchTasksMax", kBatchTasksMax},
      {"kFrameTasks", kFrameTasks},
      {"kFrameBytes", kFrameBytes},
      {"kNameBytesMax", kNameBytesMax},
      {"kKeyBytesMax", kKeyBytesMax},
      {"kTextBytesMax", kTextBytesMax},
      {"kListMax", kListMax},
      {"kPageEntries", kPageEntries},
  };
  for (const auto& [name, value] : limits) {
    std::string digits = std::to_string(value);
    for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3)
      digits.insert(static_cast<std::size_t>(at), ",");
    INFO(name);
    CHECK(document.find("| " + std::string(name) + " | " + digits + " |") != document.npos);
  }
}
