// zonda keys: who may connect to a broker, and as what.
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>

#include "cli/commands/commands.h"
#include "cli/deployment_keys.h"
#include "cli/document.h"
#include "cli/targets.h"
#include "command_line/complaint.h"
#include "proto/keys/join_token.h"
#include "proto/names.h"

namespace zonda::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::system_clock;

constexpr std::size_t kSuffix = 8;  // characters of a key that make a token's name

std::string directory_of(const Environment& environment) {
  return environment.common.keys.empty() ? default_key_directory() : environment.common.keys;
}

KeyDirectory keys_of(const Environment& environment) {
  const std::string path = directory_of(environment);
  if (std::filesystem::exists(path) && !std::filesystem::is_directory(path))
    throw Complaint(ExitCode::Usage, path + " is no directory",
                    "--keys names the broker's directory of keys here");
  KeyDirectory keys(path);
  if (!std::filesystem::exists(keys.broker_path()))
    throw Complaint(ExitCode::NotFound, "there are no keys of a broker in " + path,
                    "'zonda keys init' makes them");
  return keys;
}

// What files of keys say, as the tool says it.
std::function<int(const std::vector<std::string>&)> with_files(
    std::function<int(const std::vector<std::string>&)> run) {
  return [run = std::move(run)](const std::vector<std::string>& operands) {
    try {
      return run(operands);
    } catch (const KeyFileError& error) {
      throw Complaint(ExitCode::Refused, error.what(), error.hint);
    }
  };
}

std::optional<AuthorizedKey::Time> after(milliseconds duration) {
  if (duration.count() == 0) return std::nullopt;
  return std::chrono::ceil<std::chrono::seconds>(system_clock::now() + duration);
}

void require_name(const std::string& name) {
  if (!is_name(name)) throw Complaint(ExitCode::Usage, "a key's name is [A-Za-z0-9._-]{1,128}");
}

Json json_of(const AuthorizedKey& key) {
  const bool expired = key.expires && *key.expires <= system_clock::now();
  Json json{{"name", key.name},
            {"role", to_string(key.role)},
            {"key", to_string(key.key)},
            {"expires", key.expires ? Json(zonda::to_string(*key.expires)) : Json(nullptr)},
            {"uses", key.uses ? Json(*key.uses) : Json(nullptr)}};
  json["state"] = expired ? "expired" : key.is_token() ? "token" : "valid";
  return json;
}

ListView list_view(const char* schema) {
  return {schema,
          "keys",
          [](const Json& key) { return text_of(key, "name"); },
          {{"NAME"}, {"ROLE"}, {"STATE"}, {"EXPIRES"}, {"USES", Align::Right}, {"KEY"}},
          [](const Json& key) {
            return std::vector<std::string>{text_of(key, "name"),  text_of(key, "role"),
                                            text_of(key, "state"), text_of(key, "expires"),
                                            text_of(key, "uses"),  text_of(key, "key")};
          }};
}

Json made(const PeerKey& key, const std::string& directory) {
  return {{"name", key.name},
          {"role", to_string(key.role)},
          {"key", to_string(key.keys.own.public_key)},
          {"file", key_file_of(directory, key.name)}};
}

Command init_command(Environment& environment) {
  Command command{
      .name = "init",
      .summary = "Makes the keys of a deployment: of its broker, an administrator, a client, a worker.",
      .operands = "",
      .examples = "zonda keys init\nzonda keys init --keys /etc/zonda/keys"};
  command.run = with_files([&environment](const std::vector<std::string>&) {
    const std::string directory = directory_of(environment);
    if (std::filesystem::exists(KeyDirectory(directory).broker_path()))
      throw Complaint(ExitCode::Refused, directory + " has keys already",
                      "'zonda keys add' makes more; another deployment needs another --keys DIR");
    Json keys = Json::array();
    for (const PeerKey& key : make_deployment_keys(directory)) keys.push_back(made(key, directory));
    if (environment.json()) {
      environment.out.write(
          to_text(Json{{"schema", "zonda.keys.init/1"}, {"directory", directory}, {"keys", keys}}) + "\n");
    } else if (environment.ids()) {
      environment.out.write(directory + "\n");
    } else {
      environment.out.write(format_fields(
          {{"broker", "zonda broker start --keys " + directory + " …"},
           {"here", "export ZONDA_KEYS=" + directory},
           {"clients", "copy " + key_file_of(directory, "client") + ", and name it with --keys"},
           {"workers", "copy " + key_file_of(directory, "worker") + ", or show 'zonda keys token'"},
           {"", "whoever has one of these files is who it says: they are for nobody else's eyes"}}));
    }
    return 0;
  });
  return command;
}

Command add_command(Environment& environment) {
  struct Settings {
    std::string role, name;
    milliseconds expires{0};
  };
  auto settings = std::make_shared<Settings>();
  Command command{.name = "add",
                  .summary = "Makes one more key. A broker that runs admits it within a second.",
                  .operands = "",
                  .examples =
                      "zonda keys add --role client --name jane\n"
                      "zonda keys add --role monitor --name grafana --expires 365d"};
  command.options = {
      option::choice("role", 0, {"worker", "client", "monitor", "admin"}, "what it may do", settings->role),
      option::text("name", 0, "NAME", "what it is called; of a client: what it is called, too",
                   settings->name),
      option::duration("expires", "after so long it counts no more; default never", settings->expires)};
  command.run = with_files([&environment, settings](const std::vector<std::string>&) {
    if (settings->role.empty())
      throw Complaint(ExitCode::Usage, "--role is missing", "--role client, for one");
    require_name(settings->name);
    const std::string directory = directory_of(environment);
    std::vector<std::string> ignored;
    if (keys_of(environment).authorized(ignored).find(settings->name) != nullptr)
      throw Complaint(ExitCode::Refused, "there is a key with the name " + settings->name,
                      "'zonda keys revoke " + settings->name + "' takes it away");
    const PeerKey key =
        make_key(directory, *parse_key_role(settings->role), settings->name, after(settings->expires));
    print_thing(environment,
                {"zonda.keys.add/1", [](const Json& json) { return text_of(json, "file"); },
                 [](const Json& json) {
                   return std::vector<std::pair<std::string, std::string>>{{"file", text_of(json, "file")},
                                                                           {"key", text_of(json, "key")}};
                 }},
                made(key, directory));
    return 0;
  });
  return command;
}

Command list_command(Environment& environment) {
  Command command{.name = "list",
                  .summary = "Lists the keys that may connect.",
                  .operands = "",
                  .examples = "zonda keys list\nzonda keys list -o json"};
  command.run = with_files([&environment](const std::vector<std::string>&) {
    std::vector<std::string> complaints;
    const AuthorizedKeys keys = keys_of(environment).authorized(complaints);
    for (const std::string& complaint : complaints) environment.say("authorized_keys: " + complaint);
    Json entries = Json::array();
    for (const AuthorizedKey& key : keys.all()) entries.push_back(json_of(key));
    print_list(environment, list_view("zonda.keys.list/1"), entries);
    return 0;
  });
  return command;
}

// Its file is of no use any more, unless it is of another key.
void remove_file_of(const std::string& directory, const AuthorizedKey& key) {
  const std::string file = key_file_of(directory, key.name);
  std::error_code ignored;
  try {
    if (std::filesystem::exists(file) && read_peer_key(file).keys.own.public_key == key.key)
      std::filesystem::remove(file, ignored);
  } catch (const KeyFileError&) {  // whatever it is, it stays
  }
}

Command revoke_command(Environment& environment) {
  Command command{
      .name = "revoke",
      .summary =
          "Takes keys away. A broker that runs ends their sessions; what their workers held goes back.",
      .operands = "NAME…",
      .examples = "zonda keys revoke lab-7",
      .operands_min = 1,
      .operands_max = kManyOperands};
  command.run = with_files([&environment](const std::vector<std::string>& names) {
    const std::string directory = directory_of(environment);
    const KeyDirectory keys = keys_of(environment);
    Json entries = Json::array();
    const ExitCode code = for_each_target(environment, names, [&](const std::string& name) {
      std::vector<std::string> complaints;
      const AuthorizedKeys known = keys.authorized(complaints);
      const AuthorizedKey* key = known.find(name);
      if (key == nullptr || !keys.remove(name))
        throw Complaint(ExitCode::NotFound, "no key is called " + name + " in " + keys.list_path());
      remove_file_of(directory, *key);
      entries.push_back(json_of(*key));
      entries.back()["state"] = "revoked";
    });
    print_list(environment, list_view("zonda.keys.revoke/1"), entries);
    return to_int(code);
  });
  return command;
}

Command token_command(Environment& environment) {
  struct Settings {
    std::string role = "worker", name;
    milliseconds valid = std::chrono::hours(1);
    std::uint64_t uses = 1;
  };
  auto settings = std::make_shared<Settings>();
  Command command{
      .name = "token",
      .summary = "Makes a join token: whoever shows it gets a key of its own, until it is used up.",
      .operands = "",
      .examples =
          "zonda keys token --for 1h --uses 20\n"
          "ZONDA_JOIN=zonda-join.… zonda worker start --broker tcp://HOST:5570"};
  command.options = {
      option::choice("role", 0, {"worker"}, "of the keys; default worker", settings->role),
      option::text("name", 0, "NAME", "what the list calls it; default made up", settings->name),
      option::duration("for", "how long it counts; default 1h", settings->valid),
      option::number("uses", "N", "for so many; default 1", settings->uses, 1'000'000, 1)};
  command.run = with_files([&environment, settings](const std::vector<std::string>&) {
    const KeyDirectory keys = keys_of(environment);
    const KeyPair pair = new_key_pair();
    AuthorizedKey key{pair.public_key, *parse_key_role(settings->role), settings->name,
                      after(settings->valid), static_cast<std::uint32_t>(settings->uses)};
    if (key.name.empty()) key.name = "join-" + to_string(pair.public_key).substr(0, kSuffix);
    require_name(key.name);
    if (!key.expires) throw Complaint(ExitCode::Usage, "a join token counts for some time: --for 1h");
    keys.add(key);
    Json json = json_of(key);
    json["token"] = to_text(JoinToken{pair.secret, keys.broker_key().public_key});
    if (environment.json()) {
      json["schema"] = "zonda.keys.token/1";
      environment.out.write(to_text(json) + "\n");
    } else {
      environment.out.write(text_of(json, "token") + "\n");
      environment.say(key.name + ": for " + std::to_string(*key.uses) + " until " +
                      zonda::to_string(*key.expires));
    }
    return 0;
  });
  return command;
}

}  // namespace

Command keys_command(Environment& environment) {
  Command command{.name = "keys",
                  .summary = "Makes, lists and takes away keys: who may connect to a broker, and as what.",
                  .operands = "",
                  .examples = "zonda keys init\nzonda keys add --role client --name jane\nzonda keys list"};
  command.children = {init_command(environment), add_command(environment), list_command(environment),
                      revoke_command(environment), token_command(environment)};
  command.notes = "the directory is --keys DIR, else ~/.config/zonda/keys; the broker starts with the same\n";
  return command;
}

}  // namespace zonda::cli
