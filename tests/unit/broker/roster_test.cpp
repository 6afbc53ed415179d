#include "broker/core/roster.h"

#include <catch2/catch.hpp>

using namespace zonda;

namespace {

KindKey kind() { return {{{"f", "(int) -> int"}}, {"default", "fast"}, {{"gpu", 2}}, {{"zone", "a"}}}; }

ClassKey wanted() { return {"f", "(int) -> int", "default", {}, {}}; }

}  // namespace

TEST_CASE("a worker offers what it serves, in queues that it listens to") {
  CHECK(kind().offers(wanted()));
  ClassKey other = wanted();
  other.function = "g";
  CHECK_FALSE(kind().offers(other));
  other = wanted();
  other.queue = "slow";
  CHECK_FALSE(kind().offers(other));
}

TEST_CASE("another signature is another function, and an empty one fits all of the name") {
  ClassKey other = wanted();
  other.signature = "(str) -> int";
  CHECK_FALSE(kind().offers(other));
  other.signature = "";
  CHECK(kind().offers(other));
}

TEST_CASE("resources fit up to what the worker has") {
  ClassKey needs = wanted();
  needs.resources = {{"gpu", 2}};
  CHECK(kind().offers(needs));
  needs.resources = {{"gpu", 2.5}};
  CHECK_FALSE(kind().offers(needs));
  needs.resources = {{"disk", 0.1}};
  CHECK_FALSE(kind().offers(needs));
}

TEST_CASE("labels fit if they are equal") {
  ClassKey needs = wanted();
  needs.labels = {{"zone", "a"}};
  CHECK(kind().offers(needs));
  needs.labels = {{"zone", "b"}};
  CHECK_FALSE(kind().offers(needs));
  needs.labels = {{"rack", "a"}};
  CHECK_FALSE(kind().offers(needs));
}

TEST_CASE("workers that offer the same are of one kind, in whatever order they say it") {
  ReadyQueue queue;
  Roster roster(queue);
  Hello one, two;
  one.peer.bytes[0] = 1;
  two.peer.bytes[0] = 2;
  one.name = "w1", two.name = "w2";
  one.queues = {"a", "b"}, two.queues = {"b", "a"};
  CHECK(roster.add(one, {}).kind == roster.add(two, {}).kind);
}

TEST_CASE("a class finds kinds that came before it, and a kind finds earlier classes") {
  ReadyQueue queue;
  Roster roster(queue);
  JobSpec spec;
  spec.function = "f";
  ReadyClass& before = queue.class_of(spec);
  Hello hello;
  hello.name = "w1";
  hello.functions = {{"f", "()"}};
  const WorkerRecord& worker = roster.add(hello, {});
  CHECK(before.kinds == std::vector<WorkerKind*>{worker.kind});
  spec.priority = 1;
  spec.queue = "default";
  spec.signature = "()";
  ReadyClass& after = queue.class_of(spec);
  roster.connect(after);
  CHECK(after.kinds == std::vector<WorkerKind*>{worker.kind});
  CHECK(worker.kind->classes.size() == 2);
}

TEST_CASE("a worker that left serves nothing any more") {
  ReadyQueue queue;
  Roster roster(queue);
  Hello hello;
  hello.name = "w1";
  hello.functions = {{"f", "()"}};
  WorkerRecord& worker = roster.add(hello, {});
  CHECK(roster.signatures("f") == std::vector<std::string>{"()"});
  roster.remove(worker);
  CHECK(roster.signatures("f").empty());
  CHECK(roster.find_by_name("w1") == nullptr);
  CHECK(roster.slots() == 0);
}
