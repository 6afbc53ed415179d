// Frames in any order: a lane takes each number once, in order, and nothing after what it did not understand.
#include "proto/lane.h"
#include "tests/fuzz/input.h"

using namespace zonda;

namespace {

void receive(LaneReceiver& lane, Frame& frame, bool& broken) {
  const std::uint64_t before = lane.last();
  const std::uint64_t seq = frame.header.seq;
  const Arrival arrival = lane.receive(frame);
  ZONDA_ASSERT(!broken || arrival == Arrival::Bad);
  broken = arrival == Arrival::Bad;
  const bool taken = arrival == Arrival::Complete || arrival == Arrival::Partial;
  ZONDA_ASSERT(lane.last() == (taken ? before + 1 : before));
  ZONDA_ASSERT(!taken || seq == lane.last());
  if (arrival != Arrival::Complete) return;
  ZONDA_ASSERT(!std::holds_alternative<Piece>(lane.message()));
  ZONDA_ASSERT(!encode(frame.header, lane.message()).empty());  // its views are alive
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  LaneReceiver lane;
  bool broken = false;
  std::uint64_t offset = 0;  // of pieces that fit
  while (!input.at_end()) {
    const std::uint8_t kind = input.below(4);
    const std::string bytes(input.chunk());
    if (kind == 3) {  // a piece of a message, cut anywhere
      Frame piece{{1, lane.last() + 1, 0, 0, 0},
                  Piece{offset + bytes.size() + input.below(3), offset, bytes}};
      receive(lane, piece, broken);
      offset = offset + bytes.size() == std::get<Piece>(piece.message).total ? 0 : offset + bytes.size();
      continue;
    }
    auto decoded = decode(bytes);
    Frame* frame = std::get_if<Frame>(&decoded);
    if (frame == nullptr) continue;
    if (kind > 0) frame->header.seq = lane.last() + kind - (kind == 2 && input.flag() ? 2 : 0);
    receive(lane, *frame, broken);
  }
  return 0;
}
