#include "cli/remote_host.h"

#include "cli/subprocess.h"
#include "command_line/complaint.h"
#include "command_line/escape.h"

namespace zonda::cli {
namespace {

constexpr int kNoConnection = 255;  // of ssh itself

}  // namespace

// Never asks for a password: many hosts are dealt with at once, and nobody could answer.
std::string RemoteHost::run(const std::string& script, std::string_view input) const {
  std::vector<std::string> words = ssh_;
  words.insert(words.end(), {"-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=15",
                             "-o", "ServerAliveCountMax=4", host_.name, script});
  const ProgramEnd end = run_program(words, input, patience_);
  if (end.code == 0) return end.out;
  if (end.code == kNoConnection)
    throw Complaint(ExitCode::Unreachable, "ssh: " + last_line(end.err),
                    "'ssh " + host_.name + " true' must work without a question");
  const bool is_of_tar =
      end.err.starts_with("tar: ");  // its first line says why, its last one that it failed
  const std::string said = is_of_tar ? end.err.substr(0, end.err.find('\n')) : last_complaint(end.err);
  const bool known = end.code > 0 && end.code <= to_int(ExitCode::SomeFailed);
  throw Complaint(known ? static_cast<ExitCode>(end.code) : ExitCode::Failure,
                  said.empty() ? "exit code " + std::to_string(end.code) : said);
}

bool RemoteHost::copy_tree(const RelocatableTree& tree) const {
  const std::string to = quote_for_shell(host_.directory + "/releases/" + tree.name);
  const std::string have = run("umask 077; mkdir -p " + quote_for_shell(host_.directory + "/releases") +
                               " && if test -x " + to + "/bin/zonda; then echo yes; else uname -sm; fi");
  if (have == "yes\n") return false;
  const std::string here = run_program({"uname", "-sm"}).out;
  if (have != here)
    throw Complaint(ExitCode::Refused, "it is a " + last_line(have) + ", and this is a " + last_line(here));
  run("new=$(mktemp -d " + to + ".XXXXXX) && chmod 755 \"$new\" && tar -xz -C \"$new\" && " +
          "\"$new\"/bin/zonda version > /dev/null && mv -T \"$new\" " + to + " || { " +
          "code=$?; rm -rf \"$new\"; test -x " + to +
          "/bin/zonda || exit $code; }",  // others may share the home
      tree.archive);
  return true;
}

// Whole or not at all, and never in the words of a command, which others can see. A connection that breaks
// looks like the end of the text over there.
void RemoteHost::copy_key(const std::string& text, const std::string& file) const {
  const std::string path = host_.directory + "/" + file;
  const std::string to = quote_for_shell(path);
  run("umask 077; mkdir -p " + quote_for_shell(path.substr(0, path.rfind('/'))) + " && new=$(mktemp " + to +
          ".XXXXXX) && cat > \"$new\" && test $(wc -c < \"$new\") = " + std::to_string(text.size()) +
          " && mv \"$new\" " + to,
      text);
}

void RemoteHost::use_tree(const std::string& name) const {
  run("ln -sfn " + quote_for_shell("releases/" + name) + " " + quote_for_shell(host_.directory + "/current"));
}

Json RemoteHost::agent_if_any(const std::string& order, const std::vector<std::string>& words) const try {
  return agent(order, words);
} catch (const Complaint& complaint) {
  if (complaint.code() != ExitCode::NotFound) throw;
  return {{"state", "stopped"}, {"pid", nullptr}, {"detail", complaint.what()}};
}

Json RemoteHost::agent(const std::string& order, const std::vector<std::string>& words) const {
  const std::string program = quote_for_shell(host_.directory + "/current/bin/zonda");
  std::string script = "if test -x " + program + "; then exec " + program + " agent " + order +
                       " -o json --quiet=no --directory " +
                       quote_for_shell(host_.directory + (host_.agent.empty() ? "" : "/" + host_.agent));
  if (order == "start") script += " --";
  for (const std::string& word : words) script += " " + quote_for_shell(word);
  script += "; else echo nothing is deployed there >&2; exit " + std::to_string(to_int(ExitCode::NotFound)) +
            "; fi";
  const std::string said = run(script);
  const Json answer = Json::parse(said, nullptr, false);
  if (!answer.is_object()) throw Complaint(ExitCode::Failure, "it answers: " + last_line(said));
  return answer;
}

}  // namespace zonda::cli
