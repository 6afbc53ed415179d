#include "cli/deployment.h"

#include <filesystem>
#include <stdexcept>

#include "command_line/common_options.h"
#include "command_line/complaint.h"
#include "proto/keys/key_file.h"
#include "proto/wire/address.h"

namespace zonda::cli {

std::string broker_for_workers(const std::string& named) try {
  if (named.empty())
    throw Complaint(ExitCode::Usage, "no broker is named", "--broker tcp://HOST:5570: as workers reach it");
  require_connectable(parse_addresses(named).front());
  return named;
} catch (const std::invalid_argument& error) {
  throw Complaint(ExitCode::Usage, error.what(), kAddressHint);
}

std::string key_for_workers(const std::string& named) try {
  if (named.empty()) return {};
  const std::string file = std::filesystem::absolute(peer_key_path(named, {KeyRole::Worker}));
  const PeerKey key = read_peer_key(file);
  if (key.role != KeyRole::Worker)
    throw Complaint(ExitCode::Usage, file + " is the key of a " + std::string(to_string(key.role)),
                    "workers need one that 'zonda keys add --role worker' made");
  return file;
} catch (const KeyFileError& error) {
  throw Complaint(ExitCode::Usage, error.what(), error.hint);
}

}  // namespace zonda::cli
