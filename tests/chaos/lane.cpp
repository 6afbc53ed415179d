#include "tests/chaos/lane.h"

#include <algorithm>
#include <cmath>

namespace chaos {

namespace {

// Whatever kills it, a task is to be tried again: only the broker's own promise is looked at here.
constexpr int kRetries = 10'000;

std::string text_of(const Question& question) { return "task " + std::to_string(std::get<0>(question)); }

}  // namespace

// Most tasks are short and small. Some take long enough to be killed in, a few bytes enough to travel in
// pieces.
Question Lane::question(std::uint64_t number) const {
  const std::uint64_t dice = scrambled(number ^ plan_.seed);
  const std::uint64_t kind = dice % 100'000;
  const std::uint64_t amount = dice >> 32;
  std::uint32_t work_us = kind % 10 == 0 ? 0 : static_cast<std::uint32_t>(amount % (2 * plan_.work_us + 1));
  std::size_t bytes = amount % 16;
  if (kind < 20) work_us = static_cast<std::uint32_t>(1'000'000 + amount % 2'000'000);
  if (kind >= 20 && kind < 1'000) work_us = static_cast<std::uint32_t>(10'000 + amount % 300'000);
  if (kind >= 1'000 && kind < 3'000) bytes = amount % 65'536;
  if (kind >= 3'000 && kind < 3'020) bytes = amount % (2 << 20);
  if (kind == 3'020) bytes = (17 << 20) + amount % 1'000;
  return {number, work_us, std::string(bytes, static_cast<char>('a' + number % 26))};
}

Lane::Questions Lane::ask() {
  const double decades = std::log(static_cast<double>(plan_.job_tasks_max));
  const double at = std::uniform_real_distribution<>(0, decades)(random_);
  Questions questions;
  for (auto left = static_cast<std::uint64_t>(std::exp(at)); left > 0; --left)
    questions.push_back(question(next_++));
  return questions;
}

void Lane::run(const std::atomic<bool>& stop) {
  while (!stop) {
    const Questions questions = ask();
    const std::uint64_t way = random_() % 10;
    ++tally_.jobs;
    try {
      if (way < 7)
        run_unordered(questions);
      else if (way < 9)
        run_in_order(questions);
      else
        run_one_by_one(questions);
    } catch (const std::exception& error) {
      complain("job " + job_ + " ended with: " + error.what());
    }
    end_job();
  }
}

void Lane::run_unordered(const Questions& questions) {
  auto results = client_.starmap(mix, questions, {.retries = kRetries});
  begin_job(questions.size(), to_string(results.job()));
  for (auto&& [index, result] : std::move(results).unordered()) {
    if (index < questions.size()) {
      outcome(index, questions[index], result);
    } else {
      ++tally_.wrong;
      complain("job " + job_ + " has an outcome of a task it has not: " + std::to_string(index));
    }
  }
}

void Lane::run_in_order(const Questions& questions) {
  auto results = client_.starmap(mix, questions, {.retries = kRetries});
  begin_job(questions.size(), to_string(results.job()));
  std::size_t index = 0;
  for (const std::string& value : results) {
    outcome(index, questions[index], zonda::Result<std::string>(value));
    ++index;
  }
}

void Lane::run_one_by_one(const Questions& questions) {
  begin_job(questions.size(), "of single calls");
  std::vector<zonda::Future<std::string>> futures;
  for (const auto& [number, work_us, padding] : questions)
    futures.push_back(client_.submit(mix(number, work_us, padding).retries(kRetries)));
  for (std::size_t index = 0; index < futures.size(); ++index)
    outcome(index, questions[index], futures[index].result());
}

void Lane::begin_job(std::size_t tasks, const std::string& name) {
  tally_.submitted += tasks;
  const std::lock_guard lock(mutex_);
  job_ = name;
  seen_.assign(tasks, 0);
}

void Lane::outcome(std::size_t index, const Question& question, const zonda::Result<std::string>& result) {
  const std::lock_guard lock(mutex_);
  if (seen_[index]) {
    ++tally_.doubled;
    return complain(text_of(question) + " of job " + job_ + " has a second outcome");
  }
  seen_[index] = 1;
  ++tally_.outcomes;
  if (!result) {
    ++tally_.failed;
    complain(text_of(question) + " of job " + job_ + ": " + describe(result.error()));
  } else if (*result != answer_to(std::get<0>(question), std::get<2>(question))) {
    ++tally_.wrong;
    complain(text_of(question) + " of job " + job_ + " has a wrong value");
  }
}

void Lane::end_job() {
  const std::lock_guard lock(mutex_);
  const auto missing = static_cast<std::uint64_t>(std::count(seen_.begin(), seen_.end(), 0));
  tally_.lost += missing;
  if (missing > 0) complain("job " + job_ + " ended without " + std::to_string(missing) + " outcomes");
  seen_.clear();
}

std::string Lane::waits_for() const {
  const std::lock_guard lock(mutex_);
  std::string text = "job " + job_ + ":";
  int shown = 0;
  for (std::size_t index = 0; index < seen_.size() && shown < 10; ++index) {
    if (seen_[index]) continue;
    text += " " + std::to_string(index);
    ++shown;
  }
  return shown == 0 ? "" : text;
}

}  // namespace chaos
