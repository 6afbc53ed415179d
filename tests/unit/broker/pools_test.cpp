// Pools: what managers tell, what they are told, and what people order.
#include <catch2/catch.hpp>
#include <msgpack.hpp>

#include "tests/unit/broker/broker_fixture.h"

using namespace zonda;
using namespace std::chrono_literals;

namespace {

using Map = std::map<std::string, msgpack::object>;

struct Manager {
  BrokerFixture broker;
  Peer admin = broker.client();
  msgpack::zone zone;
  std::uint64_t id = 1'000;

  BrokerFixture::Answer ask(const std::string& what,
                            const std::map<std::string, msgpack::object>& arguments) {
    msgpack::sbuffer packed;
    msgpack::pack(packed, arguments);
    broker.says(admin, Query{++id, what, std::string_view(packed.data(), packed.size())});
    return broker.took_answer_to(admin);
  }
  template <class T>
  msgpack::object object(const T& value) {
    return msgpack::object(value, zone);
  }
  std::vector<Map> entries(const BrokerFixture::Answer& answer) {
    REQUIRE(answer.code == ReplyCode::Ok);
    REQUIRE(answer.pages.size() == 1);
    return msgpack::unpack(zone, answer.pages[0].data(), answer.pages[0].size()).as<std::vector<Map>>();
  }
  BrokerFixture::Answer report(const std::vector<Map>& pools, const std::string& manager = "host:/pools") {
    return ask("pool.report", {{"manager", object(manager)}, {"pools", object(pools)}});
  }
  BrokerFixture::Answer leaves(const std::vector<Map>& pools) {
    return ask(
        "pool.report",
        {{"manager", object(std::string("host:/pools"))}, {"pools", object(pools)}, {"ends", object(true)}});
  }
  Map told(Map pool) { return entries(report({std::move(pool)})).at(0); }
  Map pool(const std::string& name, const std::map<std::string, double>& resources = {}) {
    return {{"pool", object(name)}, {"slots", object(4)}, {"resources", object(resources)}};
  }
  std::vector<Map> demand_for(const Map& pool) { return told(pool).at("demand").as<std::vector<Map>>(); }
  Map listed(const std::string& name) {
    for (Map& each : entries(ask("pool.list", {}))) {
      if (each.at("pool").as<std::string>() == name) return each;
    }
    FAIL("no pool " + name);
    return {};
  }
  JobSpec with(const std::string& function, double gpus) {
    JobSpec spec = job_of(function);
    spec.resources = {{"gpu", gpus}};
    return spec;
  }
};

Offer in_pool(const std::string& pool, std::uint32_t slots = 1) {
  return {.slots = slots, .labels = {{kPoolLabel, pool}}};
}

}  // namespace

TEST_CASE_METHOD(Manager, "a manager hears of what waits for workers like those it would start") {
  broker.submit("f", 7);
  const std::vector<Map> demand = demand_for(pool("cpu"));
  REQUIRE(demand.size() == 1);
  CHECK(demand[0].at("queued").as<int>() == 7);
  CHECK(demand[0].at("at_once").as<int>() == 4);
  CHECK(demand[0].at("other_slots").as<int>() == 0);
  CHECK(demand[0].at("task_seconds").as<double>() == 0);
}

TEST_CASE_METHOD(Manager, "of resources it hears how many tasks fit, and nothing of what does not") {
  broker.submit(with("f", 2), 3);
  CHECK(demand_for(pool("cpu")).empty());
  CHECK(demand_for(pool("gpu", {{"gpu", 1}})).empty());
  CHECK(demand_for(pool("gpu", {{"gpu", 4}})).at(0).at("at_once").as<int>() == 2);
}

TEST_CASE_METHOD(Manager,
                 "a function that the pool's workers are known not to serve is none of its business") {
  broker.submit("f", 3);
  Map cpu = pool("cpu");
  cpu["functions"] = object(std::vector<std::vector<std::string>>{{"other", "()"}});
  CHECK(demand_for(cpu).empty());
}

TEST_CASE_METHOD(Manager, "workers of the pool and others are told apart by the label") {
  broker.join_worker(in_pool("cpu", 2));
  broker.join_worker({.slots = 8});
  broker.submit("f", 100);
  const Map told_now = told(pool("cpu"));
  const auto workers = told_now.at("workers").as<std::vector<Map>>();
  REQUIRE(workers.size() == 1);
  CHECK(workers[0].at("worker").as<std::string>() == "w1");
  CHECK(workers[0].at("load").as<double>() == 1);
  CHECK_FALSE(workers[0].at("leaving").as<bool>());
  const auto demand = told_now.at("demand").as<std::vector<Map>>();
  REQUIRE(demand.size() == 1);
  CHECK(demand[0].at("other_slots").as<int>() == 8);
  CHECK(demand[0].at("at_once").as<int>() == 2);
  CHECK(told_now.at("functions").as<std::vector<std::vector<std::string>>>() ==
        std::vector<std::vector<std::string>>{{"f", "()"}});
}

TEST_CASE_METHOD(Manager, "how long tasks take is measured over the jobs of a class") {
  const Peer worker = broker.join_worker(in_pool("cpu"));
  const JobId job = broker.submit("f", 2);
  broker.took_message_to(worker);
  broker.advance(2s);
  broker.finishes(worker, job, {0, 1}, 1, 2s);
  CHECK(demand_for(pool("cpu")).empty());  // the second runs
  broker.submit("f", 3);
  CHECK(demand_for(pool("cpu")).at(0).at("task_seconds").as<double>() == Approx(2).margin(0.1));
}

TEST_CASE_METHOD(Manager, "an order is told until it is taken, and its number outlives the broker") {
  CHECK(ask("pool.scale", {{"pool", object(std::string("cpu"))}}).code == ReplyCode::NotFound);
  CHECK(told(pool("cpu")).at("order").as<int>() == 0);
  const Map order{{"pool", object(std::string("cpu"))},
                  {"min", object(2)},
                  {"max", object(5)},
                  {"target_wait_ms", object(1'000)}};
  REQUIRE(ask("pool.scale", order).code == ReplyCode::Ok);
  const Map heard = told(pool("cpu"));
  CHECK(heard.at("order").as<int>() == 1);
  CHECK(heard.at("min").as<int>() == 2);
  CHECK(heard.at("max").as<int>() == 5);
  CHECK(heard.at("target_wait_ms").as<int>() == 1'000);
  CHECK(listed("cpu").at("order").as<int>() == 0);
  Map taken = pool("cpu");
  taken["order"] = object(1);
  told(taken);
  CHECK(listed("cpu").at("order").as<int>() == 1);

  broker.crashes();
  admin = broker.join_client();
  told(taken);
  REQUIRE(ask("pool.scale", order).code == ReplyCode::Ok);
  CHECK(told(taken).at("order").as<int>() == 2);
}

TEST_CASE_METHOD(Manager, "who takes over hears the size that was ordered, also of a broker before") {
  Map cpu = pool("cpu");
  cpu["order"] = object(3);
  cpu["min"] = object(2);
  cpu["max"] = object(5);
  cpu["target_wait_ms"] = object(1'000);
  told(cpu);
  REQUIRE(leaves({cpu}).code == ReplyCode::Ok);
  const Map heard = entries(report({pool("cpu")}, "elsewhere")).at(0);
  CHECK(heard.at("order").as<int>() == 3);
  CHECK(heard.at("min").as<int>() == 2);
  CHECK(heard.at("max").as<int>() == 5);
  CHECK(heard.at("target_wait_ms").as<int>() == 1'000);
}

TEST_CASE_METHOD(Manager, "a worker that is to drain once it is back is leaving") {
  const Peer worker = broker.join_worker(in_pool("cpu"));
  told(pool("cpu"));
  broker.loses_connection(worker);
  REQUIRE(ask("worker.drain", {{"worker", object(std::string("w1"))}}).code == ReplyCode::Ok);
  CHECK(told(pool("cpu")).at("workers").as<std::vector<Map>>().at(0).at("leaving").as<bool>());
  CHECK(listed("cpu").at("draining").as<int>() == 1);
}

TEST_CASE_METHOD(Manager, "a manager that is away takes no orders") {
  broker.stays_alive(admin);
  told(pool("cpu"));
  broker.advance(11s);
  CHECK(listed("cpu").at("manager").as<std::string>() == "away");
  const auto answer = ask("pool.scale", {{"pool", object(std::string("cpu"))}});
  CHECK(answer.code == ReplyCode::Refused);
  CHECK(answer.text == "the manager of pool cpu, host:/pools, was last heard of 11 s ago");
}

TEST_CASE_METHOD(Manager,
                 "a manager that says goodbye is away at once, and is back as soon as it tells again") {
  told(pool("cpu"));
  REQUIRE(leaves({pool("cpu")}).code == ReplyCode::Ok);
  CHECK(listed("cpu").at("manager").as<std::string>() == "away");
  const auto answer = ask("pool.scale", {{"pool", object(std::string("cpu"))}});
  CHECK(answer.code == ReplyCode::Refused);
  CHECK(answer.text == "the manager of pool cpu, host:/pools, has ended");
  told(pool("cpu"));
  CHECK(listed("cpu").at("manager").as<std::string>() == "connected");
}

TEST_CASE_METHOD(Manager, "a pool has one manager: another one is told who, until that one is away") {
  broker.stays_alive(admin);
  told(pool("cpu"));
  CHECK(listed("cpu").at("managed_by").as<std::string>() == "host:/pools");
  broker.advance(4s);
  const auto refused = report({pool("other"), pool("cpu")}, "elsewhere:/pools");
  CHECK(refused.code == ReplyCode::Refused);
  CHECK(refused.text == "pool cpu is managed by host:/pools, heard of 4 s ago");
  CHECK(entries(ask("pool.list", {})).size() == 1);  // nothing of it was taken
  CHECK(listed("cpu").at("managed_by").as<std::string>() == "host:/pools");

  broker.advance(7s);
  REQUIRE(report({pool("cpu")}, "elsewhere:/pools").code == ReplyCode::Ok);
  CHECK(report({pool("cpu")}).text == "pool cpu is managed by elsewhere:/pools, heard of 0 s ago");
}

TEST_CASE_METHOD(Manager, "after a goodbye another manager takes over at once") {
  told(pool("cpu"));
  REQUIRE(leaves({pool("cpu")}).code == ReplyCode::Ok);
  CHECK(report({pool("cpu")}, "elsewhere:/pools").code == ReplyCode::Ok);
}

TEST_CASE_METHOD(Manager, "a pool that its manager no longer has is gone, those of others are not") {
  entries(report({pool("other")}, "elsewhere:/pools"));
  entries(report({pool("cpu"), pool("gpu")}));
  entries(report({pool("gpu")}));
  const auto left = entries(ask("pool.list", {}));
  REQUIRE(left.size() == 2);
  CHECK(left[0].at("pool").as<std::string>() == "gpu");
  CHECK(left[1].at("pool").as<std::string>() == "other");
}

TEST_CASE_METHOD(Manager, "who asks why a task waits is told of the pools that are for it") {
  broker.stays_alive(admin);
  const JobId job = broker.submit(with("f", 2), 1);
  const auto why = [&] {
    const auto answer = ask("task.explain", {{"job", object(to_string(job))}, {"index", object(0)}});
    REQUIRE(answer.code == ReplyCode::Ok);
    REQUIRE(answer.pages.size() == 1);
    return msgpack::unpack(zone, answer.pages[0].data(), answer.pages[0].size())
        .as<Map>()
        .at("why")
        .as<std::string>();
  };
  Map gpu = pool("gpu", {{"gpu", 2}});
  gpu["max"] = object(3);
  entries(report({pool("cpu"), gpu}));
  CHECK(why() == "no worker is connected; pool gpu is for such tasks, and may have up to 3 workers");
  gpu["pending"] = object(2);
  told(gpu);
  CHECK(why() == "no worker is connected; pool gpu is for such tasks, with 2 on their way");
  gpu["pending"] = object(0);
  gpu["note"] = object(std::string("not started: no luck"));
  told(gpu);
  CHECK(why() ==
        "no worker is connected; pool gpu is for such tasks, and may have up to 3 workers (not started: no "
        "luck)");
  leaves({gpu});
  CHECK(why() ==
        "no worker is connected; pool gpu is for such tasks, but its manager is away (not started: no luck)");
}

TEST_CASE_METHOD(Manager, "decisions are kept once, however often they are told") {
  Map cpu = pool("cpu");
  const auto decision = [&](int number, double at, const std::string& text) {
    return Map{{"number", object(number)}, {"at", object(at)}, {"text", object(text)}};
  };
  cpu["decisions"] = object(std::vector<Map>{decision(1, 10.5, "+1: a")});
  CHECK(told(cpu).at("decisions").as<int>() == 1);
  cpu["decisions"] = object(std::vector<Map>{decision(1, 10.5, "+1: a"), decision(2, 12.5, "-1: b")});
  CHECK(told(cpu).at("decisions").as<int>() == 2);
  const auto log = entries(ask("pool.log", {}));
  REQUIRE(log.size() == 2);
  CHECK(log[1].at("text").as<std::string>() == "-1: b");
  CHECK(log[1].at("at").as<double>() == 12.5);
  CHECK(entries(ask("pool.log", {{"limit", object(1)}})).size() == 1);
}

TEST_CASE_METHOD(Manager, "reports that make no sense are refused") {
  const auto code = [&](Map pool) { return report({std::move(pool)}).code; };
  CHECK(code(pool("no name")) == ReplyCode::Usage);
  CHECK(code(pool("cpu", {{"gpu", -1}})) == ReplyCode::Usage);
  CHECK(code({{"pool", object(7)}}) == ReplyCode::Usage);
  CHECK(ask("pool.report", {{"pools", object(7)}}).code == ReplyCode::Usage);
  CHECK(report({pool("cpu")}, "").code == ReplyCode::Usage);
  CHECK(report({pool("cpu")}, std::string(2'000, 'x')).code == ReplyCode::Usage);
}

TEST_CASE_METHOD(Manager, "there are only so many pools; those whose manager is away make room") {
  broker.stays_alive(admin);
  for (int number = 0; number < 256; ++number) {
    const std::string name = "p" + std::to_string(number);
    entries(report({pool(name)}, "host:/" + name));
  }
  const auto one_more = [&] { return report({pool("more")}).code; };
  CHECK(one_more() == ReplyCode::Refused);
  broker.advance(11s);
  CHECK(one_more() == ReplyCode::Ok);
}
