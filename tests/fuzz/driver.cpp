// Runs a target without libFuzzer: its seeds, then mutations of them for some seconds. It follows no
// coverage, so it finds less; but it runs wherever the tests run.
//
// usage: TARGET [--seconds N] [--seed N] FILE-OR-DIRECTORY...
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "tests/fuzz/input.h"

namespace {

using Random = std::mt19937_64;
constexpr std::size_t kInputMax = 1 << 16;

std::string current;  // what the target is given

// The input of a run that failed, to be given to the target again.
void save_current(int signal) {
  const int file = open("crash-input", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  const bool saved =
      file >= 0 && write(file, current.data(), current.size()) == static_cast<ssize_t>(current.size());
  const char* text = saved ? "the input is in ./crash-input\n" : "the input could not be saved\n";
  if (write(STDERR_FILENO, text, std::strlen(text)) < 0) _exit(1);
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

std::vector<std::string> read_seeds(const std::vector<std::string>& paths) {
  std::vector<std::filesystem::path> files;
  for (const std::string& path : paths) {
    if (!std::filesystem::is_directory(path)) {
      files.emplace_back(path);
      continue;
    }
    for (const auto& entry : std::filesystem::directory_iterator(path)) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());  // a seed gives the same run everywhere
  std::vector<std::string> seeds;
  for (const auto& path : files) {
    std::ifstream file(path, std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return seeds;
}

std::string random_bytes(Random& random, std::size_t most) {
  std::string bytes(random() % (most + 1), '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

void mutate(Random& random, const std::vector<std::string>& seeds, std::string& bytes) {
  const std::size_t at = random() % (bytes.size() + 1);
  switch (random() % 7) {
    case 0: bytes.resize(at); break;
    case 1: bytes.insert(at, random_bytes(random, 16)); break;
    case 2: bytes.erase(at, 1 + random() % 8); break;
    case 3: bytes += seeds[random() % seeds.size()]; break;
    case 4: bytes.insert(at, bytes.substr(random() % (bytes.size() + 1), random() % 64)); break;
    default:
      if (at < bytes.size())
        bytes[at] = static_cast<char>(random() % 2 != 0 ? random() : 1ULL << random() % 8);
  }
  if (bytes.size() > kInputMax) bytes.resize(kInputMax);
}

// In memory of exactly its size, so that a sanitizer sees a read beyond it.
void run(const std::string& bytes) {
  current = bytes;
  const std::vector<std::uint8_t> exact(bytes.begin(), bytes.end());
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t seed = std::random_device{}();
  long seconds = 0;
  std::vector<std::string> paths;
  for (int at = 1; at < argc; ++at) {
    const std::string word = argv[at];
    if (word == "--seconds" && at + 1 < argc)
      seconds = std::strtol(argv[++at], nullptr, 10);
    else if (word == "--seed" && at + 1 < argc)
      seed = std::strtoull(argv[++at], nullptr, 10);
    else
      paths.push_back(word);
  }
  std::signal(SIGABRT, save_current);
  std::signal(SIGSEGV, save_current);
  std::vector<std::string> seeds = read_seeds(paths);
  for (const std::string& bytes : seeds) run(bytes);
  seeds.emplace_back();
  std::printf("%zu seeds run; mutations from --seed %llu\n", seeds.size() - 1,
              static_cast<unsigned long long>(seed));
  std::fflush(stdout);
  Random random(seed);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  std::uint64_t runs = 0;
  for (; std::chrono::steady_clock::now() < end; ++runs) {
    std::string bytes = random() % 8 == 0 ? random_bytes(random, 512) : seeds[random() % seeds.size()];
    for (std::size_t left = 1 + random() % 8; left > 0; --left) mutate(random, seeds, bytes);
    run(bytes);
  }
  std::printf("%llu mutations run\n", static_cast<unsigned long long>(runs));
  return 0;
}
