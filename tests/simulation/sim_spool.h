// A small spool in memory: it is full soon, fails for a while, and does not always give back what it was
// given.
#pragma once

#include <cstdint>

#include "tests/simulation/sim_clock.h"
#include "tests/unit/worker/memory_spool.h"
#include "worker/core/spool.h"

namespace zonda::sim {

// What a spool was asked for and did; of many, added up.
struct SpoolFigures {
  std::uint64_t puts = 0;     // it took what was put,
  std::uint64_t refused = 0;  // had no room for it,
  std::uint64_t failed = 0;   // or failed
  std::uint64_t got = 0;      // read back,
  std::uint64_t damaged = 0;  // or not what was put

  SpoolFigures& operator+=(const SpoolFigures& other) {
    puts += other.puts;
    refused += other.refused;
    failed += other.failed;
    got += other.got;
    damaged += other.damaged;
    return *this;
  }
  bool all_met() const { return puts > 0 && refused > 0 && failed > 0 && got > 0 && damaged > 0; }
};

class SimSpool final : public Spool {
 public:
  SimSpool(const SimClock& clock, std::uint64_t bytes_max) : clock_(clock), kept_(bytes_max) {}

  void fail_for(microseconds time) { fails_until_ = clock_.now() + time; }
  void damage() { damaged_upto_ = last_; }  // all that is in it
  bool empty() const { return kept_.count() == 0; }
  const SpoolFigures& figures() const { return figures_; }

  std::optional<Place> put(std::string_view bytes) override {
    if (clock_.now() < fails_until_) return ++figures_.failed, std::nullopt;
    const std::optional<Place> place = kept_.put(bytes);
    ++(place ? figures_.puts : figures_.refused);
    if (place) last_ = place->offset;
    return place;
  }
  bool get(const Place& place, std::string& bytes) override {
    if (place.offset <= damaged_upto_) return ++figures_.damaged, false;
    ++figures_.got;
    return kept_.get(place, bytes);
  }
  void release(const Place& place) override { kept_.release(place); }

 private:
  const SimClock& clock_;
  MemorySpool kept_;
  std::uint64_t last_ = 0;  // places are numbered
  std::uint64_t damaged_upto_ = 0;
  TimePoint fails_until_{};
  SpoolFigures figures_;
};

}  // namespace zonda::sim
