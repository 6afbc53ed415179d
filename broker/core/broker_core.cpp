#include "broker/core/broker_core.h"

#include <algorithm>

#include "proto/assert.h"
#include "proto/frame.h"

namespace zonda {

BrokerCore::BrokerCore(BrokerConfig config)
    : config_(std::move(config)), random_(config_.seed), sessions_(config_.seed + 1) {}

BrokerCore::~BrokerCore() = default;

void BrokerCore::handle(Connection from, ArrivedFrame frame, const Now& now, Effects& effects) {
  frame_ = std::move(frame);
  on_frame(from, frame_.bytes(), now, effects);
  frame_ = {};
}

// What a store is to write lies back to back, or it would have to be copied there.
Slab BrokerCore::keep(Column& column) { return is_durable_ ? copy_of(column) : frame_.keep(column); }

void BrokerCore::on_frame(Connection from, std::string_view bytes, const Now& now, Effects& effects) {
  if (bytes.empty()) return ask_who(from, now.steady, effects);  // a new connection
  std::variant<Frame, BadFrame> decoded = decode(bytes);
  if (const BadFrame* bad = std::get_if<BadFrame>(&decoded)) {
    ++counters_.frames_bad;
    if (bad->wrong_version && from.port != Port::Sink)
      say_outside_session(from, Refuse{RefuseCode::Version, bad->reason, 0, 0}, effects);
    return;
  }
  Frame& frame = std::get<Frame>(decoded);
  if (from.port == Port::Sink) return on_sink_frame(frame, now, effects);
  if (const Hello* hello = std::get_if<Hello>(&frame.message)) return on_hello(from, *hello, now, effects);
  if (const Enrol* enrol = std::get_if<Enrol>(&frame.message)) return on_enrol(from, *enrol, now, effects);

  Session* session = sessions_.find(frame.header.session);
  if (session == nullptr || session->connection != from || session->holder.key != frame_.sender()) {
    ++counters_.frames_refused;
    return ask_who(from, now.steady, effects);
  }
  session->last_heard = now.steady;
  if (session->worker != nullptr && frame.header.ack >= session->probe) {  // not something of long ago
    session->worker->proved_alive = now.steady;
    session->probe = ~0ULL;
  }
  const Arrival arrival = session->in.receive(frame);
  sessions_.count_partial(*session);
  switch (arrival) {
    case Arrival::Complete: return on_message(*session, session->in.message(), frame.header, now, effects);
    case Arrival::Partial: return bound_partial(*session, now, effects);
    case Arrival::Duplicate: return;
    case Arrival::Gap: ++counters_.gaps; return ask_who(from, now.steady, effects);
    case Arrival::Bad: ++counters_.frames_bad; return ask_who(from, now.steady, effects);
  }
}

// The sink tells no connections apart, so the session in the header is all there is to go by, and the key.
// What comes out of order is not taken: STORED with `resend` tells the worker where to go on.
void BrokerCore::on_sink_frame(Frame& frame, const Now& now, Effects& effects) {
  Session* session = sessions_.find(frame.header.session);
  if (session == nullptr || session->worker == nullptr || session->holder.key != frame_.sender()) {
    ++counters_.frames_refused;
    return;
  }
  session->last_heard = now.steady;
  const Arrival arrival = session->sink.receive(frame);
  sessions_.count_partial(*session);
  switch (arrival) {
    case Arrival::Complete:
      if (const WorkerResults* results = std::get_if<WorkerResults>(&session->sink.message()))
        on(*results, *session, now, effects);
      else
        ++counters_.frames_bad;
      session->sink.release();
      stored_due_.insert(session->number);
      return;
    case Arrival::Partial: return bound_partial(*session, now, effects);
    case Arrival::Duplicate: stored_due_.insert(session->number); return;
    case Arrival::Gap: ++counters_.gaps; return ask_resend(*session, now.steady);
    case Arrival::Bad: ++counters_.frames_bad; return ask_who(session->connection, now.steady, effects);
  }
}

// Messages that never end are somebody's attempt at our memory. One of any size may come by itself; where
// several are too much, the largest begins again.
void BrokerCore::bound_partial(const Session& session, const Now& now, Effects& effects) {
  if (sessions_.partial_bytes() - session.partial_bytes <= config_.memory_limit) return;
  const std::vector<Session*> all = sessions_.all();
  const Session& largest = **std::max_element(all.begin(), all.end(), [](const Session* a, const Session* b) {
    return a->partial_bytes < b->partial_bytes;
  });
  const Connection connection = largest.connection;
  event(effects, "too-many-pieces bytes=" + std::to_string(largest.partial_bytes));
  connection_gone(connection, now, effects);
  ask_who(connection, now.steady, effects);
}

// Once per gap, and again only if it lasts: what follows a gap is already on its way and would ask many
// times.
void BrokerCore::ask_resend(Session& session, TimePoint now) {
  if (session.resend_asked == session.sink.last() && now - session.resend_asked_at < config_.heartbeat)
    return;
  session.resend_asked = session.sink.last();
  session.resend_asked_at = now;
  session.resend_due = true;
  stored_due_.insert(session.number);
}

void BrokerCore::on_message(Session& session, Message& message, const Header& header, const Now& now,
                            Effects& effects) {
  WorkerRecord* worker = session.worker;
  if (worker != nullptr) {
    if (header.credit_tasks > worker->credit_tasks || header.credit_bytes > worker->credit_bytes) {
      worker->credit_tasks = std::max(worker->credit_tasks, header.credit_tasks);
      worker->credit_bytes = std::max(worker->credit_bytes, header.credit_bytes);
      hungry(*worker);
    }
  }
  std::visit(
      [&]<class T>(const T& typed) {
        constexpr bool from_worker = std::is_same_v<T, Holdings> || std::is_same_v<T, Started> ||
                                     std::is_same_v<T, Returned> || std::is_same_v<T, Drain> ||
                                     std::is_same_v<T, WorkerProgress> || std::is_same_v<T, Output>;
        constexpr bool from_client = std::is_same_v<T, OpenJob> || std::is_same_v<T, Append> ||
                                     std::is_same_v<T, CloseJob> || std::is_same_v<T, Attach> ||
                                     std::is_same_v<T, OutcomeAck> || std::is_same_v<T, Cancel> ||
                                     std::is_same_v<T, OutputRoom> || std::is_same_v<T, Query>;
        constexpr bool from_both = std::is_same_v<T, Heartbeat> || std::is_same_v<T, Goodbye>;
        if constexpr (from_worker || from_client || from_both) {
          const bool fits = from_both || (from_worker ? worker != nullptr : session.client != nullptr);
          const bool allowed = may_say(session.holder.role, T::type);
          if (fits && allowed) return on(typed, session, now, effects);
          if constexpr (std::is_same_v<T, OpenJob>) {
            if (fits)
              refuse_job(session, typed.job, JobRefusedCode::NotYours,
                         "the key " + session.holder.name + " may look, and change nothing", effects);
          }
        }
        if constexpr (!std::is_same_v<T, Credit>) ++counters_.frames_bad;  // not its to say
      },
      message);
}

void BrokerCore::say(Session& session, const Message& message, Effects& effects) {
  Header header;
  header.session = session.number;
  header.ack = session.worker != nullptr ? session.sink.last() : session.in.last();
  std::tie(header.credit_tasks, header.credit_bytes) = grant(session);
  for (std::string& frame : session.out.pack(header, message))
    effects.frames.push_back({session.connection, std::move(frame)});
}

void BrokerCore::say_outside_session(Connection to, const Message& message, Effects& effects) {
  effects.frames.push_back({to, encode(Header{}, message)});
}

void BrokerCore::ask_who(Connection to, TimePoint now, Effects& effects) {
  if (to.port != Port::Sink && sessions_.may_ask_who(to, now)) say_outside_session(to, Who{}, effects);
}

void BrokerCore::settle(const Now& now, Effects& effects) {
  // A broker that was stalled comes late to what was due, and has not read what its peers said meanwhile: it
  // expires nobody for as long as it slept. One that had nothing to do is not late.
  const auto late = now.steady - timers_.next().value_or(now.steady);
  if (late > config_.heartbeat)
    no_expiry_before_ = now.steady + std::min<std::chrono::nanoseconds>(late, config_.lease);

  if (std::exchange(disk_full_told_, disk_nearly_full_) != disk_nearly_full_)
    event(effects, disk_nearly_full_ ? "disk-nearly-full new jobs are refused" : "disk-has-room");
  do_due(now, effects);
  for (const JobId& id : std::exchange(cancels_due_, {})) {  // before their readers hear that they are closed
    if (Job* failing = find_job(id)) cancel_job(*failing, now, effects);
  }
  deliver(now, effects);
  if (!held_in_memory_.empty() && kept_bytes_ + quota() <= config_.memory_limit / 2)
    go_on_all(held_in_memory_);
  dispatch(now, effects);
  // Behind tasks: workers wait for those, and nobody for this.
  for (const auto& [session_number, job_id] : std::exchange(accepts_due_, {})) {
    Session* session = sessions_.find(session_number);
    const Job* accepted = find_job(job_id);
    if (session != nullptr && accepted != nullptr) say_accepted(*session, *accepted, effects);
  }
  if (!pages_wanted_.empty()) read_pages(effects);
  for (const JobId& id : std::exchange(completions_due_, {})) {
    if (Job* finished = find_job(id)) finish_if_complete(*finished, now, effects);
  }
  for (const std::uint64_t number : std::exchange(stored_due_, {})) {
    if (Session* session = sessions_.find(number))
      say(*session, Stored{session->sink.last(), std::exchange(session->resend_due, false)}, effects);
  }
  if (!starved_.empty()) feed_starved(effects);
}

void BrokerCore::say_accepted(Session& session, const Job& job, Effects& effects) {
  say(session, Accepted{job.id, job.count, job.is_closed(), config_.durability}, effects);
}

// Memory is free again: clients that wait for credit hear of it.
void BrokerCore::feed_starved(Effects& effects) {
  if (!has_room_for_starved()) return;
  for (const std::uint64_t number : std::exchange(starved_, {})) {
    if (Session* session = sessions_.find(number)) say(*session, Credit{}, effects);
  }
}

// What was written at the end of a turn may have made room.
TimePoint BrokerCore::next_deadline() const {
  if (!starved_.empty() && has_room_for_starved()) return TimePoint::min();
  return timers_.next().value_or(TimePoint::max());
}

// That there is such a job is nobody's business but its owner's.
Job* BrokerCore::find_job_for(const Session& session, const JobId& id) {
  Job* job = find_job(id);
  return job != nullptr && session.holder.sees(job->client_name) ? job : nullptr;
}

Job* BrokerCore::find_job(const JobId& id) {
  const auto at = jobs_.find(id);
  return at == jobs_.end() ? nullptr : at->second.get();
}

const Job* BrokerCore::job(const JobId& id) const {
  const auto at = jobs_.find(id);
  return at == jobs_.end() ? nullptr : at->second.get();
}

}  // namespace zonda
