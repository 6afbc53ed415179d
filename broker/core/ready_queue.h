// Which task is next. Ready tasks live in classes (what a worker must offer to run them); inside a class the
// order is priority, then fair between shares by the time their tasks took, then age. A share is a client's
// name, or the client itself if it has none.
//
// Fair: each share has a virtual time that grows by the slot time it is given; the smallest goes first. A
// share that was away starts at the present, so that nobody saves up. (Weighted fair queueing with equal
// weights.) Nothing here walks tasks: a job's next range is found in constant time.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "broker/core/job.h"

namespace zonda {

struct WorkerKind;

// What a worker must offer. An empty signature fits every signature of the name.
struct ClassKey {
  std::string function;
  std::string signature;
  std::string queue;
  std::map<std::string, double> resources;
  std::map<std::string, std::string> labels;
  friend auto operator<=>(const ClassKey&, const ClassKey&) = default;
};

ClassKey class_key_of(const JobSpec& spec);

// The tasks of a class that are in quarantine, and the worker that is set apart for them: see quarantine.h.
struct Ward {
  std::uint64_t tasks = 0;
  std::map<std::uint64_t, Job*> jobs;  // that have some, by Job::turn
  std::uint64_t worker = 0;            // 0: none
  TimePoint due;                       // when one may be set apart
};

class ReadyClass {
 public:
  ReadyClass(ClassKey key, std::uint64_t number) : key_(std::move(key)), number_(number) {}

  const ClassKey& key() const { return key_; }
  std::uint64_t number() const { return number_; }
  std::uint64_t ready_tasks() const { return ready_tasks_; }
  std::uint64_t queued() const { return ready_tasks_ + stored_tasks + ward.tasks; }

  // A job that needs arguments read back: the most urgent comes first.
  struct Page {
    std::int64_t urgency = 0;  // the priority, negated
    std::uint64_t age = 0;
    JobId job;
    friend auto operator<=>(const Page&, const Page&) = default;
  };

  std::vector<WorkerKind*> kinds;  // those that can run it
  std::uint64_t jobs = 0;          // that refer to it
  std::uint64_t loading = 0;       // jobs of which a page is being read
  std::set<Page> pages;
  Ward ward;
  std::uint64_t stored_tasks = 0;  // whose arguments are in the store only
  std::uint64_t leased_tasks = 0;
  double task_us = 0;    // measured mean time of its tasks; 0: not yet known
  TimePoint progressed;  // when some were last handed out, or the first became ready

 private:
  friend class ReadyQueue;
  struct Turn {                          // of one share
    double entered = 0;                  // virtual time under which it stands in the order
    std::map<std::uint64_t, Job*> jobs;  // by age
  };
  struct Level {
    std::set<std::pair<double, std::uint64_t>> order;  // (Turn::entered, share)
    std::map<std::uint64_t, Turn> turns;               // by share
  };

  ClassKey key_;
  std::uint64_t number_;
  std::uint64_t ready_tasks_ = 0;
  std::map<std::int32_t, Level, std::greater<>> levels_;  // by priority
};

class ReadyQueue {
 public:
  ReadyClass& class_of(const JobSpec& spec);
  void remove_class(ReadyClass& unused);
  // Visits every class, in a fixed order.
  template <class F>
  void for_each_class(F&& f) {
    for (auto& [key, ready_class] : classes_) f(*ready_class);
  }

  // The share of a client's jobs, one call of `leave` for each of `join`. A share without jobs lasts until
  // the others have had as much, so that nobody gains by coming one job at a time.
  std::uint64_t join_share(const std::string& client_name);
  void leave_share(const std::string& client_name);

  std::size_t shares() const { return shares_.size(); }
  std::uint64_t ready_tasks() const { return ready_tasks_; }  // of all classes
  std::uint64_t held_tasks() const { return held_tasks_; }    // ready ones of jobs that are held

  // A job's ready tasks grew or shrank by so many. Called with every change of its segments.
  void grew(Job& job, std::uint64_t tasks);
  void shrank(Job& job, std::uint64_t tasks);
  // The ready tasks of a job that is held are not handed out until it goes on.
  void hold(Job& job);
  void go_on(Job& job);

  // How urgent the first task of a class is: smaller goes first. Only for a class with ready tasks.
  struct Rank {
    std::int64_t priority = 0;  // negated
    double virtual_time = 0;
    std::uint64_t age = 0;
    friend auto operator<=>(const Rank&, const Rank&) = default;
  };
  Rank rank(ReadyClass& ready_class);
  Job& first(ReadyClass& ready_class);

  // The share was given this much slot time.
  void charge(std::uint64_t share, double microseconds);

 private:
  struct Share {
    double virtual_time = 0;
    std::uint64_t jobs = 0;
  };

  void enter(Job& job, std::uint64_t tasks, bool first);
  void leave(Job& job, std::uint64_t tasks, bool last);
  void forget_shares();
  // Brings the entry of the first share up to date until it is really first.
  std::map<std::uint64_t, Job*>& first_jobs(ReadyClass::Level& level);

  std::map<ClassKey, std::unique_ptr<ReadyClass>> classes_;
  std::map<std::string, std::uint64_t> shares_by_name_;
  std::map<std::uint64_t, Share> shares_;
  std::set<std::pair<double, std::string>> leaving_;  // (virtual time, name) of shares without jobs
  std::uint64_t last_class_ = 0;
  std::uint64_t last_share_ = 0;
  std::uint64_t ready_tasks_ = 0;
  std::uint64_t held_tasks_ = 0;
  double present_ = 0;  // virtual time of the last share that was served
};

}  // namespace zonda
