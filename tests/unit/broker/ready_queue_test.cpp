#include "broker/core/ready_queue.h"

#include <catch2/catch.hpp>

using namespace zonda;

namespace {

// Jobs in one queue, each with all its tasks ready.
struct Bench {
  ReadyQueue queue;
  std::deque<Job> jobs;

  Job& add(const std::string& client, std::int32_t priority = 0, std::uint64_t tasks = 100) {
    Job& job = jobs.emplace_back();
    job.spec.function = "f";
    job.spec.priority = priority;
    job.age = jobs.size();
    job.share = queue.join_share(client);
    job.ready_class = &queue.class_of(job.spec);
    queue.grew(job, tasks);
    return job;
  }
  // The job whose task is next; it takes so long.
  Job& serve(double microseconds = 1'000) {
    Job& job = queue.first(*jobs.front().ready_class);
    queue.charge(job.share, microseconds);
    queue.shrank(job, 1);
    return job;
  }
};

}  // namespace

TEST_CASE("the higher priority goes first, however old the other is") {
  Bench bench;
  bench.add("a", 0);
  Job& urgent = bench.add("a", 5, 2);
  CHECK(&bench.serve() == &urgent);
  CHECK(&bench.serve() == &urgent);
  CHECK(&bench.serve() != &urgent);
}

TEST_CASE("jobs of one client run in the order of their arrival") {
  Bench bench;
  Job& first = bench.add("a", 0, 2);
  Job& second = bench.add("a", 0, 2);
  CHECK(&bench.serve() == &first);
  CHECK(&bench.serve() == &first);
  CHECK(&bench.serve() == &second);
}

TEST_CASE("two clients get the same slot time, not the same number of tasks") {
  Bench bench;
  Job& longs = bench.add("a", 0, 1'000);
  Job& shorts = bench.add("b", 0, 1'000);
  double time_of_longs = 0, time_of_shorts = 0;
  for (int round = 0; round < 500; ++round) {
    Job& next = bench.queue.first(*longs.ready_class);
    const double time = &next == &longs ? 9'000 : 1'000;
    (&next == &longs ? time_of_longs : time_of_shorts) += time;
    bench.queue.charge(next.share, time);
    bench.queue.shrank(next, 1);
  }
  CHECK(std::abs(time_of_longs - time_of_shorts) <= 9'000);
  CHECK(shorts.counts.ready < longs.counts.ready);
}

TEST_CASE("a share that was away does not save up") {
  Bench bench;
  Job& present = bench.add("a", 0, 1'000);
  for (int round = 0; round < 100; ++round) bench.serve();
  Job& back = bench.add("b", 0, 1'000);
  int served_back = 0;
  for (int round = 0; round < 10; ++round) served_back += &bench.serve() == &back ? 1 : 0;
  CHECK(served_back >= 4);
  CHECK(served_back <= 6);  // half from now on, and nothing for the past
  CHECK(present.counts.ready < 1'000);
}

TEST_CASE("who comes one job at a time gets no more than who stays") {
  Bench bench;
  Job& stays = bench.add("a", 0, 1'000);
  int served_others = 0;
  for (int round = 0; round < 100; ++round) {
    Job& comes = bench.add("b", 0, 1);
    if (&bench.serve() == &comes) ++served_others;
    if (comes.counts.ready > 0) bench.queue.shrank(comes, 1);
    bench.queue.leave_share("b");
  }
  CHECK(served_others <= 51);
  CHECK(stays.counts.ready <= 951);
}

TEST_CASE("shares of clients that are gone are forgotten") {
  Bench bench;
  bench.add("stays", 0, 100'000);
  for (int number = 0; number < 50'000; ++number) {
    bench.queue.join_share("c" + std::to_string(number));
    bench.queue.leave_share("c" + std::to_string(number));
  }
  CHECK(bench.queue.shares() == 1);
}

TEST_CASE("a job without ready tasks is not in the queue") {
  Bench bench;
  Job& job = bench.add("a", 0, 1);
  Job& other = bench.add("b", 0, 1);
  bench.queue.shrank(job, 1);
  CHECK(&bench.queue.first(*other.ready_class) == &other);
  CHECK(bench.queue.ready_tasks() == 1);
}
