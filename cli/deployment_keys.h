// The keys of a deployment as files: what `zonda keys` makes, and a measurement for itself.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "proto/keys/key_directory.h"

namespace zonda::cli {

std::string default_key_directory();

// Where the key of this name is kept.
std::string key_file_of(const std::string& directory, const std::string& name);

// A new pair, its line in the list, and its file. Throws KeyFileError.
PeerKey make_key(const std::string& directory, KeyRole role, const std::string& name,
                 std::optional<AuthorizedKey::Time> expires = {});

// The broker's key, and one of an administrator, a client and a worker, called so.
std::vector<PeerKey> make_deployment_keys(const std::string& directory);

}  // namespace zonda::cli
