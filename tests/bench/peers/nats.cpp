// NATS JetStream through libnats: messages of 8 bytes in a work-queue stream on disk, each publish
// acknowledged. A worker fetches them in batches, publishes what came to a second stream, and acknowledges
// the tasks of a batch when its results are stored.
//   nats worker PORT HOW | throughput PORT HOW TASKS | latency PORT HOW COUNT
// HOW: gathered (what is sent waits for more, a millisecond at most) or at-once.
#include <nats/nats.h>

#include <cstring>
#include <iostream>
#include <string>

#include "tests/bench/peers/report.h"

using namespace zonda::bench;

namespace {

constexpr std::uint64_t kOutstanding = 4'096;
constexpr std::size_t kBatch = 512;
constexpr std::int64_t kPatienceMs = 30'000;

void check(natsStatus status) { expect(status == NATS_OK, natsStatus_GetText(status)); }

class Server {
 public:
  Server(const std::string& port, bool at_once) {
    natsOptions* options = nullptr;
    check(natsOptions_Create(&options));
    check(natsOptions_SetURL(options, ("nats://127.0.0.1:" + port).c_str()));
    check(natsOptions_SetSendAsap(options, at_once));
    check(natsConnection_Connect(&connection_, options));
    natsOptions_Destroy(options);
    check(natsConnection_JetStream(&stream_, connection_, nullptr));
    for (const char* subject : {"tasks", "results"}) declare(subject);
  }
  ~Server() {
    natsConnection_Flush(connection_);  // the last acknowledgements
    natsSubscription_Destroy(subscription_);
    jsCtx_Destroy(stream_);
    natsConnection_Destroy(connection_);
  }

  void consume(const char* subject) {
    jsSubOptions options;
    jsSubOptions_Init(&options);
    options.ManualAck = true;
    options.Queue = subject;
    options.Config.MaxAckPending = kOutstanding;
    check(js_SubscribeSync(&subscription_, stream_, subject, nullptr, &options, nullptr));
  }
  void publish(const char* subject, std::uint64_t number) {
    check(js_PublishAsync(stream_, subject, &number, sizeof number, nullptr));
  }
  void wait_until_stored() { check(js_PublishAsyncComplete(stream_, nullptr)); }

  // One to kBatch messages, as many as there are: each is given to `take`, and acknowledged after `then`.
  template <class Take, class Then>
  void fetch(Take take, Then then) {
    for (std::int64_t patience_ms = kPatienceMs; batch_.size() < kBatch; patience_ms = 0) {
      natsMsg* message = nullptr;
      const natsStatus status = natsSubscription_NextMsg(&message, subscription_, patience_ms);
      if (status == NATS_TIMEOUT && (patience_ms == 0 || batch_.empty())) break;
      check(status);
      std::uint64_t number = 0;
      expect(natsMsg_GetDataLength(message) == sizeof number, "a wrong message");
      std::memcpy(&number, natsMsg_GetData(message), sizeof number);
      batch_.push_back(message);
      take(number);
    }
    then();
    for (natsMsg* message : batch_) {
      check(natsMsg_Ack(message, nullptr));
      natsMsg_Destroy(message);
    }
    batch_.clear();
  }

 private:
  void declare(const char* subject) {
    jsStreamConfig config;
    jsStreamConfig_Init(&config);
    config.Name = subject;
    config.Subjects = &subject;
    config.SubjectsLen = 1;
    config.Retention = js_WorkQueuePolicy;
    config.Storage = js_FileStorage;
    jsErrCode code{};
    const natsStatus status = js_AddStream(nullptr, stream_, &config, nullptr, &code);
    if (code != JSStreamNameExistErr) check(status);
  }

  natsConnection* connection_ = nullptr;
  jsCtx* stream_ = nullptr;
  natsSubscription* subscription_ = nullptr;
  std::vector<natsMsg*> batch_;
};

[[noreturn]] void work(Server& server) {
  server.consume("tasks");
  for (;;) {
    server.fetch([&](std::uint64_t number) { server.publish("results", number); },
                 [&] { server.wait_until_stored(); });
  }
}

void call(Server& server, std::uint64_t tasks, std::uint64_t at_once) {
  for (std::uint64_t sent = 0, seen = 0; seen < tasks;) {
    for (; sent < tasks && sent - seen < at_once; ++sent) server.publish("tasks", sent);
    const std::uint64_t before = seen;
    server.fetch([&](std::uint64_t) { ++seen; }, [] {});
    expect(seen > before, "results are missing");
  }
  server.wait_until_stored();
}

}  // namespace

int main(int argc, char** argv) try {
  expect(argc >= 4, "too few words");
  const std::string what = argv[1];
  Server server(argv[2], std::string(argv[3]) == "at-once");
  if (what == "worker") work(server);
  expect(argc >= 5, "too few words");
  const std::uint64_t tasks = std::stoull(argv[4]);
  server.consume("results");
  measure(what, tasks, kOutstanding,
          [&](std::uint64_t number, std::uint64_t at_once) { call(server, number, at_once); });
} catch (const std::exception& error) {
  std::cerr << "nats: " << error.what() << '\n';
  return 1;
}
