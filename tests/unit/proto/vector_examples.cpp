#include "tests/unit/proto/vector_examples.h"

#include <limits>

namespace zonda {

using namespace std::string_view_literals;

namespace {

constexpr std::uint64_t kSession = (1ULL << 32) + 7;
constexpr const char* kPublicKey = "kX3lN1V4nQ0pPZb3m9m6u6r0Q7Wc8o1lB2y5d0T1s2A";
constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();

JobId id(std::uint8_t first) {
  JobId made;
  for (std::size_t at = 0; at < made.bytes.size(); ++at)
    made.bytes[at] = static_cast<std::uint8_t>(first + at);
  return made;
}

Header from_client(std::uint64_t seq) { return {kSession, seq, 2, 0, 0}; }
Header from_worker(std::uint64_t seq) { return {kSession, seq, 9, 65'536, 64 << 20}; }
Header to_client(std::uint64_t seq) { return {kSession, seq, 3, 1 << 20, 32 << 20}; }
Header to_worker(std::uint64_t seq) { return {kSession, seq, 4, 0, 0}; }

Hello worker_hello() {
  Hello hello;
  hello.role = Role::Worker;
  hello.protocol_min = hello.protocol_max = 1;
  hello.attempt = 2;
  hello.sdk = "zonda-cpp/0.1.0";
  hello.peer = id(0x10);
  hello.incarnation = 0x0123456789abcdef;
  hello.name = "node7-4711";
  hello.host = "node7";
  hello.pid = 4711;
  hello.cookie = "00112233445566778899aabbccddeeff";
  hello.slots = 4;
  hello.queues = {"default", "night"};
  hello.resources = {{"gpu", 2}, {"memory_gb", 1.5}, {"serials", 1e17}};
  hello.labels = {{"zone", "eu-1"}};
  hello.functions = {{"add", "(int, int) -> int"}, {"zonda.exec", "(map) -> map"}};
  return hello;
}

Hello client_hello() {
  Hello hello;
  hello.protocol_min = hello.protocol_max = 1;
  hello.attempt = 1;
  hello.sdk = "zonda-cpp/0.1.0";
  hello.peer = id(0x20);
  hello.incarnation = 42;
  hello.host = "desk";
  hello.pid = 99;
  return hello;
}

}  // namespace

std::vector<VectorExample> session_examples() {
  Welcome welcome;
  welcome.protocol = 1;
  welcome.attempt = 2;
  welcome.store = id(0x30);
  welcome.epoch = 5;
  welcome.heartbeat_ms = 3'000;
  welcome.lease_ms = 15'000;
  welcome.payload_bytes_max = 1ULL << 30;
  welcome.durability = "fsync";
  Welcome elsewhere = welcome;
  elsewhere.back = "tcp://10.0.0.1:6001";
  elsewhere.sink = "tcp://10.0.0.1:6002";
  return {
      {"a worker", {}, worker_hello()},
      {"a client without a name or a cookie", {}, client_hello()},
      {"addresses by convention", {kSession, 0, 0, 1 << 20, 32 << 20}, welcome},
      {"addresses told", {kSession, 0, 0, 0, 0}, elsewhere},
      {"for good",
       {},
       Refuse{RefuseCode::Version, "this broker speaks protocol 1 to 1, you speak 2 to 3", 0, 1}},
      {"try again", {}, Refuse{RefuseCode::NameTaken, "the name node7 is held by pid 1 on node7", 500, 3}},
      {"whose session is not known", {}, Who{}},
      {"of a worker that wants an answer", from_worker(12), Heartbeat{9, true}},
      {"of a broker", to_worker(13), Heartbeat{}},
      {"by a join token's key", {}, Enrol{kPublicKey, "lab-7"}},
      {"with the token's role", {}, Enrolled{kPublicKey, "worker"}},
      {"it leaves", from_client(14), Goodbye{}},
      {"a worker shall leave", to_worker(15), Drain{}},
      {"more credit", from_worker(16), Credit{}},
      {"the largest numbers", {kMost, kMost, kMost, kMost, kMost}, Credit{}},
      {"the first of two", from_client(17), Piece{17'000'000, 0, "\x9c\xcc\x5a"sv}},
      {"the last of two", from_client(18), Piece{17'000'000, 1 << 20, "end"sv}},
  };
}

std::vector<VectorExample> vector_examples() {
  std::vector<VectorExample> all = session_examples();
  for (auto& more : {client_examples(), worker_examples()}) all.insert(all.end(), more.begin(), more.end());
  return all;
}

std::vector<VectorExample> client_examples() {
  JobSpec spec;
  spec.name = "thumbnails \"new\"";
  spec.function = "resize";
  spec.signature = "(bytes, {x: float, y: float}) -> list[bytes]";
  spec.queue = "night";
  spec.priority = -3;
  spec.retries = 2;
  spec.timeout_ms = 60'000;
  spec.deadline_ms = 3'600'000;
  spec.delay_ms = 500;
  spec.resources = {{"gpu", 1}, {"memory_gb", 0.25}};
  spec.labels = {{"zone", "eu-1"}};
  spec.key = "batch-1";
  spec.key_digest = 0xfedcba9876543210;
  spec.detached = true;
  spec.fails_max = 10;
  JobSpec plain;
  plain.function = "add";
  plain.signature = "(int, int) -> int";
  const JobId job = id(0x40);
  const Column sums{"\x03\0\0\0\x03\0\0\0\x04\0\0\0"sv, "\x92\x01\x02\x92\x03\x04\x92\x05\xcc\xff"sv};
  const Column values{"\x01\0\0\0\x01\0\0\0"sv, "\x03\x07"sv};
  const Column failed{"\x0f\0\0\0\0\0\0\0"sv, "\x82\xa4kind\x01\xa6signal\x0b"sv};
  return {
      {"all that can be asked for", from_client(1), OpenJob{job, spec, 0, 0}},
      {"said again in a new session", from_client(2),
       OpenJob{job, plain, 128, 4'096, 130, 1'790'000'000'000'000}},
      {"three sums", from_client(3), Append{job, 0, 0, sums}},
      {"one task without arguments", from_client(4), Append{job, 70'000, 0, {"\x01\0\0\0"sv, "\x90"sv}}},
      {"no more will come", from_client(5), CloseJob{job, 70'001}},
      {"so far", to_client(6), Accepted{job, 3, false, "memory"}},
      {"finally", to_client(7), Accepted{job, 70'001, true, "fsync"}},
      {"it is not known any more", to_client(8), JobRefused{job, JobRefusedCode::NotFound, "no such job"}},
      {"the key is known", to_client(9), SameJob{job, id(0x50)}},
      {"from the beginning", from_client(10), Attach{job, 0}},
      {"from where it was, in a new session", from_client(11), Attach{job, 128, 130, 1'790'000'000'000'000}},
      {"two values", to_client(11),
       Outcomes{job, 0, {{0, 1, "node7-4711", {}, values, 1'790'000'000'000'000}}}},
      {"a failure, and a cancelled task without a report", to_client(12),
       Outcomes{job, 2, {{2, 3, "node8-1", "\x01\x04"sv, failed}, {9, 1, "", {}, values}}}},
      {"seen", from_client(13), OutcomeAck{job, 4}},
      {"the whole job", from_client(14), Cancel{job, 0, 0}},
      {"some tasks", from_client(15), Cancel{job, 10, 5}},
      {"without arguments", from_client(16), Query{1, "status", {}}},
      {"about a task", from_client(17), Query{2, "task.info", "\x81\xa5index\x07"sv}},
      {"the first page", to_client(18), Reply{1, ReplyCode::Ok, "", false, "\x91\x80"sv}},
      {"no", to_client(19), Reply{2, ReplyCode::NotFound, "no job", true, {}}},
      {"half way", to_client(20), JobProgress{job, 3, 50, 100, "frame 50"}},
      {"standard error", to_client(21), JobOutput{job, 3, 1, 2, 4'096, "oops\n"sv, 3, 77}},
      {"more", from_client(22), OutputRoom{job, 3, 1, 8'388'608}},
  };
}

std::vector<VectorExample> worker_examples() {
  const JobId job = id(0x40);
  const Column sums{"\x03\0\0\0\x03\0\0\0"sv, "\x92\x01\x02\x92\x03\x04"sv};
  const Column values{"\x01\0\0\0\x01\0\0\0"sv, "\x03\x07"sv};
  const Column mixed{"\x01\0\0\0\x07\0\0\0"sv, "\x03\x81\xa4kind\x01"sv};
  const Held running{job, 0, 1, 5, 12, true};
  const Held waiting{job, 1, 127, 5, 12, false};
  return {
      {"a range of two", to_worker(1), Tasks{{{job, 0, 5, 12, 1, "add", "(int, int) -> int", 60'000, sums}}}},
      {"ranges of two jobs", to_worker(2),
       Tasks{
           {{job, 2, 5, 13, 2, "add", "(int, int) -> int", 0, sums},
            {id(0x60), 1ULL << 40, 5, 14, 1, "zonda.exec", "(map) -> map", 0, {"\x01\0\0\0"sv, "\x90"sv}}}}},
      {"one runs", from_worker(3), Started{{running}}},
      {"what has not started", to_worker(4), Retract{{waiting}}},
      {"given back", from_worker(5), Returned{{waiting}}},
      {"it holds nothing", from_worker(1), Holdings{}},
      {"a page, and there is more", from_worker(1), Holdings{{running, waiting}, false}},
      {"all so far", to_worker(6), Stored{9, false}},
      {"a frame is missing", to_worker(7), Stored{9, true}},
      {"two values", {kSession, 10, 0, 0, 0}, WorkerResults{{{job, 0, 5, 12, 1'500, {}, values}}}},
      {"a value and a failure",
       {kSession, 11, 0, 0, 0},
       WorkerResults{{{job, 2, 5, 13, 80, "\0\1"sv, mixed}}}},
      {"half way", from_worker(8), WorkerProgress{job, 3, 5, 12, 50, 100, "frame 50"}},
      {"standard output", from_worker(9), Output{job, 3, 5, 12, 1, 1, 0, "hello\n"sv}},
      {"cancelled", to_worker(10), Stop{{waiting}}},
  };
}

}  // namespace zonda
