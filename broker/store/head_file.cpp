#include "broker/store/head_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "broker/store/crc32c.h"
#include "broker/store/store_error.h"

namespace zonda {
namespace {

constexpr std::string_view kMagic = "ZondaSt1";
constexpr std::size_t kStateBytes = 8 + 16 + 4 * 8 + 2 * 8 + 4;
constexpr off_t kSlotBytes = 4096;  // a write to one never touches a sector of the other

[[noreturn]] void fail(const std::string& doing, const std::string& path) {
  throw StoreError("cannot " + doing + " " + path + ": " + std::strerror(errno));
}

void write_whole(int descriptor, const std::string& path, std::string_view bytes, off_t at) {
  while (!bytes.empty()) {
    const ssize_t written = pwrite(descriptor, bytes.data(), bytes.size(), at);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) fail("write", path);
    bytes.remove_prefix(static_cast<std::size_t>(written));
    at += written;
  }
}

std::optional<StoreState> later(const std::optional<StoreState>& one,
                                const std::optional<StoreState>& other) {
  if (!one || !other) return one ? one : other;
  return one->commit >= other->commit ? one : other;
}

}  // namespace

std::string encode_state(const StoreState& state) {
  std::string bytes(kMagic);
  bytes.append(reinterpret_cast<const char*>(state.store.bytes.data()), state.store.bytes.size());
  for (const std::uint64_t each :
       {state.epoch, state.commit, state.next_row, state.rows, state.sum.low, state.sum.high})
    append_integer(bytes, each);
  append_integer(bytes, crc32c(bytes));
  return bytes;
}

std::optional<StoreState> decode_state(std::string_view bytes) {
  if (bytes.size() != kStateBytes || !bytes.starts_with(kMagic)) return std::nullopt;
  if (crc32c(bytes.substr(0, kStateBytes - 4)) != integer_at<std::uint32_t>(bytes, kStateBytes - 4))
    return std::nullopt;
  StoreState state;
  std::memcpy(state.store.bytes.data(), bytes.data() + kMagic.size(), state.store.bytes.size());
  std::size_t at = kMagic.size() + state.store.bytes.size();
  for (std::uint64_t* each :
       {&state.epoch, &state.commit, &state.next_row, &state.rows, &state.sum.low, &state.sum.high}) {
    *each = integer_at<std::uint64_t>(bytes, at);
    at += sizeof *each;
  }
  return state;
}

void HeadFile::create(const std::string& path, const StoreState& state) {
  const int made = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (made < 0) fail("create", path);
  close(made);
  HeadFile head(path);
  head.write(state);
  head.write(state);
  head.sync();
}

std::optional<StoreState> HeadFile::read(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) fail("read", path);
  std::optional<StoreState> found;
  for (const off_t at : {off_t{0}, kSlotBytes}) {
    char bytes[kStateBytes];
    if (pread(descriptor, bytes, sizeof bytes, at) == ssize_t{sizeof bytes})
      found = later(found, decode_state({bytes, sizeof bytes}));
  }
  close(descriptor);
  return found;
}

HeadFile::HeadFile(const std::string& path)
    : path_(path), descriptor_(open(path.c_str(), O_WRONLY | O_CLOEXEC)) {
  if (descriptor_ < 0) fail("open", path);
}

HeadFile::~HeadFile() { close(descriptor_); }

void HeadFile::write(const StoreState& state) {
  write_whole(descriptor_, path_, encode_state(state), writes_++ % 2 == 0 ? 0 : kSlotBytes);
}

void HeadFile::sync() {
  if (fdatasync(descriptor_) != 0) fail("sync", path_);
}

void HeadFile::touch() {
  if (futimens(descriptor_, nullptr) != 0) fail("touch", path_);
}

}  // namespace zonda
