#include "broker/http/pages.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace zonda;
using namespace std::chrono_literals;

namespace {

struct PagesFixture {
  Board board;
  Pages pages{board, "1.2.3", {"broker.lab"}};
  Board::Clock::time_point now = Board::Clock::now();

  PagesFixture() {
    Snapshot snapshot;
    snapshot.queued = 412;
    snapshot.counters.tasks_done = 7;
    PoolSummary cpu, away;
    cpu.name = "cpu";
    cpu.wanted = 5;
    cpu.workers = 3;
    cpu.is_managed = true;
    cpu.last_decision = "+2: at least 5";
    away.name = "away";
    snapshot.pools = {cpu, away};
    board.put_up(snapshot);
  }
  HttpAnswer get(std::string_view target, std::string_view host = "localhost:5580") {
    return pages.answer({"GET", target, host}, now);
  }
  nlohmann::json json(std::string_view target) {
    const HttpAnswer answer = get(target);
    CHECK(answer.status == 200);
    CHECK(answer.type == "application/json");
    return nlohmann::json::parse(answer.body);
  }
};

}  // namespace

TEST_CASE_METHOD(PagesFixture, "a broker that works is healthy and ready") {
  CHECK(get("/healthz").status == 200);
  CHECK(get("/readyz").status == 200);
  CHECK(get("/readyz?verbose").status == 200);
  CHECK(get("/").status == 404);
  CHECK(get("/healthz/").status == 404);
}

TEST_CASE("a broker that reads its store is healthy and not ready") {
  Board board;
  const Pages pages(board, "1", {});
  const auto status = [&](std::string_view target) {
    return pages.answer({"GET", target, "localhost"}, Board::Clock::now()).status;
  };
  CHECK(status("/healthz") == 200);
  CHECK(status("/readyz") == 503);
  CHECK(status("/metrics") == 503);
}

TEST_CASE_METHOD(PagesFixture, "a thread that is stuck is neither") {
  now += kStuckAfter + 1s;
  CHECK(get("/healthz").status == 503);
  CHECK(get("/readyz").status == 503);
  CHECK(get("/metrics").status == 503);  // numbers of once would look like numbers
}

TEST_CASE_METHOD(PagesFixture, "a full disk is healthy and not ready") {
  Snapshot full;
  full.disk_nearly_full = true;
  board.put_up(full);
  CHECK(get("/healthz").status == 200);
  CHECK(get("/readyz").status == 503);
}

TEST_CASE_METHOD(PagesFixture, "the status has what the command line shows") {
  const nlohmann::json status = json("/api/v1/status");
  CHECK(status.at("schema") == "zonda.status/1");
  CHECK(status.at("queued") == 412);
  CHECK(status.at("done") == 7);
}

TEST_CASE_METHOD(PagesFixture, "pools tell how many workers are wanted") {
  const nlohmann::json scale = json("/api/v1/pools/cpu/scale");
  CHECK(scale.at("desired") == 5);
  CHECK(scale.at("workers") == 3);
  CHECK(scale.at("last_decision") == "+2: at least 5");
  CHECK(json("/api/v1/pools").at("pools").size() == 2);
  CHECK(get("/api/v1/pools/gpu/scale").status == 404);
  CHECK(get("/api/v1/pools/cpu").status == 404);
  CHECK(get("/api/v1/pools/").status == 404);
  CHECK(get("/api/v1/poolsX").status == 404);
}

TEST_CASE_METHOD(PagesFixture, "what a manager wanted before it went away is not what is wanted") {
  CHECK(get("/api/v1/pools/away/scale").status == 503);
}

TEST_CASE_METHOD(PagesFixture, "nothing can be changed") {
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "<unknown>"}) {
    const HttpAnswer answer = pages.answer({method, "/healthz", "localhost"}, now);
    CHECK(answer.status == 405);
    CHECK(answer.allow == "GET, HEAD");
  }
  CHECK(pages.answer({"HEAD", "/healthz", "localhost"}, now).status == 200);
}

TEST_CASE_METHOD(PagesFixture, "a page of elsewhere cannot pretend to be from here") {
  for (const char* host : {"localhost", "LocalHost:5580", "localhost:5580", "127.0.0.1:5580", "[::1]:5580",
                           "10.1.2.3", "broker.lab", "broker.lab:80"}) {
    INFO(host);
    CHECK(get("/healthz", host).status == 200);
  }
  for (const char* host : {"", "evil.example", "evil.example:5580", "localhost.evil.example",
                           "127.0.0.1.nip.io", "[", "[]", "broker.lab.evil", ":5580", "1.2.3.4.5"}) {
    INFO(host);
    CHECK(get("/healthz", host).status == 421);
  }
}
