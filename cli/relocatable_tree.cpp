#include "cli/relocatable_tree.h"

#include <link.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <vector>

#include "cli/subprocess.h"
#include "cli/temporary_directory.h"
#include "command_line/complaint.h"
#include "proto/digest.h"

namespace zonda::cli {
namespace {

namespace fs = std::filesystem;

// The C library is the machine's own: its parts and the loader have to fit each other.
constexpr std::array<std::string_view, 9> kOfTheSystem{"linux-vdso.", "ld-linux",    "libc.so",
                                                       "libm.so",     "libpthread.", "libdl.",
                                                       "librt.so",    "libresolv.",  "libnss_"};

bool is_of_the_system(const std::string& name) {
  return std::any_of(kOfTheSystem.begin(), kOfTheSystem.end(),
                     [&](std::string_view beginning) { return name.starts_with(beginning); });
}

// The files of the libraries in this process.
std::vector<std::string> libraries() {
  std::vector<std::string> found;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* into) {
        const std::string path = info->dlpi_name;
        if (!path.empty() && !is_of_the_system(fs::path(path).filename()))
          static_cast<std::vector<std::string>*>(into)->push_back(path);
        return 0;
      },
      &found);
  std::sort(found.begin(), found.end());
  return found;
}

std::uint64_t digest_of(const fs::path& file, std::uint64_t seed) {
  std::ifstream stream(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  return digest(bytes, digest(file.filename().string(), seed));
}

// Where there is no strip, more is copied.
void copy_program(const fs::path& to) {
  const std::string here = "/proc/" + std::to_string(getpid()) + "/exe";  // of strip, "self" is another
  const ProgramEnd end = run_program({"strip", "-o", to, here});
  if (end.code != 0) fs::copy_file(here, to, fs::copy_options::overwrite_existing);
}

RelocatableTree packed(const fs::path& root) {
  std::uint64_t sum = digest_of(root / "bin/zonda", 0);
  for (const std::string& library : libraries())
    sum = digest_of(root / "lib" / fs::path(library).filename(), sum);
  ProgramEnd end = run_program({"tar", "-C", root, "-cz", "bin", "lib"});
  if (end.code != 0) throw Complaint(ExitCode::Failure, "tar: " + end.err);
  char name[64];
  std::snprintf(name, sizeof name, "%s-%016llx", ZONDA_VERSION, static_cast<unsigned long long>(sum));
  return {name, std::move(end.out)};
}

}  // namespace

RelocatableTree make_relocatable_tree() {
  TemporaryDirectory scratch(fs::temp_directory_path(), "zonda-tree");
  if (scratch.path().empty()) throw Complaint(ExitCode::Failure, "cannot make a temporary directory");
  const fs::path root = scratch.path();
  try {
    fs::create_directory(root / "bin");
    fs::create_directory(root / "lib");
    copy_program(root / "bin/zonda");
    for (const std::string& library : libraries())
      fs::copy_file(library, root / "lib" / fs::path(library).filename());
    return packed(root);
  } catch (const fs::filesystem_error& error) {
    throw Complaint(ExitCode::Failure, std::string("cannot copy this program: ") + error.what());
  }
}

}  // namespace zonda::cli
