// This program with the libraries it needs, as an archive that runs wherever it is unpacked: on machines with
// the same processor and a C library that is not older.
#pragma once

#include <string>

namespace zonda::cli {

struct RelocatableTree {
  std::string name;     // "0.1.0-0123456789abcdef": two trees of one name are the same
  std::string archive;  // tar, compressed with gzip: bin/zonda, lib/…
};

// Throws Complaint.
RelocatableTree make_relocatable_tree();

}  // namespace zonda::cli
