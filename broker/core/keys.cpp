// Whose key it is that a peer showed, and when that ends.
#include "broker/core/broker_core.h"
#include "proto/names.h"

namespace zonda {
namespace {

std::string role_text(KeyRole role) { return std::string(to_string(role)); }

}  // namespace

// `sender` is what the wire found to be proved. Nobody if that key opens no sessions.
std::optional<KeyHolder> BrokerCore::holder_of(std::string_view sender, const Now& now) const {
  if (keys_ == nullptr) return KeyHolder{};
  const std::optional<PublicKey> key = parse_public_key(sender);
  const Standing standing = key ? keys_->standing(*key, now.utc) : Standing{};
  if (!standing.is_peer()) return std::nullopt;
  return KeyHolder{std::string(sender), standing.key->name, standing.key->role};
}

// Why this key may not be who the HELLO says; empty: it may.
std::string BrokerCore::key_objection(const Hello& hello, const Now& now) {
  if (keys_ == nullptr) return {};
  const std::optional<PublicKey> key = parse_public_key(frame_.sender());
  const Standing standing = key ? keys_->standing(*key, now.utc) : Standing{};
  switch (standing.kind) {
    case Standing::Kind::Unknown: return "the broker does not admit this key";
    case Standing::Kind::Expired: return "the key " + standing.key->name + " has expired";
    case Standing::Kind::Token:
      return "the key " + standing.key->name + " is a join token's: a worker shows it as ZONDA_JOIN";
    case Standing::Kind::Peer: break;
  }
  const AuthorizedKey& found = *standing.key;
  const bool is_worker = found.role == KeyRole::Worker;
  if (is_worker != (hello.role == Role::Worker))
    return "the key " + found.name + " is of the role " + role_text(found.role) +
           (is_worker ? ", which runs tasks and nothing else" : ", which runs no tasks");
  const auto client = clients_.find(hello.peer);
  const WorkerRecord* worker = is_worker ? roster_.find(hello.peer) : nullptr;
  const bool is_others =
      (!is_worker && client != clients_.end() && client->second->share_name != found.name) ||
      (worker != nullptr && worker->hello.incarnation == hello.incarnation && worker->key != found.name);
  return is_others ? "this session is another key's" : "";
}

void BrokerCore::set_keys(std::shared_ptr<const AuthorizedKeys> keys, const Now& now, Effects& effects) {
  keys_ = std::move(keys);
  for (Session* session : sessions_.all()) {
    if (!still_counts(session->holder, now)) revoke(*session, now, effects);
  }
}

bool BrokerCore::still_counts(const KeyHolder& holder, const Now& now) const {
  const std::optional<KeyHolder> is = holder_of(holder.key, now);
  return is && is->name == holder.name && is->role == holder.role;
}

// Asked who it is, it learns why it is not welcome any more.
void BrokerCore::revoke(Session& session, const Now& now, Effects& effects) {
  event(effects, "key-revoked key=" + session.holder.name);
  const Connection connection = session.connection;
  if (session.worker != nullptr) {
    event(effects, "worker-lost worker=" + session.worker->hello.name + " reason=revoked");
    ++counters_.workers_lost;
    dismiss_worker(*session.worker, effects);
  } else {
    lose_client(*session.client, "revoked", now, effects);
  }
  ask_who(connection, now.steady, effects);
}

void BrokerCore::on_enrol(Connection from, const Enrol& enrol, const Now& now, Effects& effects) {
  if (!sessions_.may_enrol(from, now.steady)) return;  // it asks again
  const std::optional<PublicKey> token = parse_public_key(frame_.sender());
  const std::optional<PublicKey> key = parse_public_key(enrol.key);
  if (keys_ == nullptr || !token || !key || !is_name(enrol.name)) {
    ++counters_.frames_bad;
    return;
  }
  const PendingEnrolment pending{from, {*token, *key, enrol.name}};
  const AuthorizedKey* known = keys_->find(*key);
  if (known != nullptr && known->name == enrol.name) return enrolled(pending, "", effects);  // asked again
  if (keys_->standing(*token, now.utc).kind == Standing::Kind::Token)
    return effects.enrolments.push_back(pending);
  enrolled(pending, "this key enrols nobody: it is no join token, or was used up, or has expired", effects);
}

void BrokerCore::enrolled(const PendingEnrolment& pending, const std::string& why_not, Effects& effects) {
  const std::string key = to_string(pending.enrolment.key);
  if (why_not.empty()) {
    const AuthorizedKey* known = keys_->find(pending.enrolment.key);
    const std::string role = known != nullptr ? role_text(known->role) : "";
    return say_outside_session(pending.from, Enrolled{key, role}, effects);
  }
  event(effects, "enrolment-refused name=" + pending.enrolment.name + " reason=\"" + why_not + "\"");
  say_outside_session(pending.from, Refuse{RefuseCode::NotAuthorised, why_not, 0, 0}, effects);
}

}  // namespace zonda
