// Whatever a broker says, a peer's session numbers its frames without gaps, never spins, and every frame it
// sends is one.
#include "proto/peer_session.h"

#include <utility>

#include "tests/fuzz/input.h"

using namespace zonda;

namespace {

struct Peer {
  TimePoint now{std::chrono::hours(1)};
  PeerSession session{Hello{}, 1};
  PeerEffects effects;
  std::uint64_t said_in = 0;  // session and number of the last frame
  std::uint64_t said_last = 0;
  std::uint64_t heard = 0;  // in this session

  void check_said() {
    for (const std::string& bytes : std::exchange(effects.frames, {})) {
      const auto decoded = decode(bytes);
      const Frame& frame = std::get<Frame>(decoded);
      if (std::holds_alternative<Hello>(frame.message)) continue;
      if (frame.header.session != said_in) said_last = 0;
      said_in = frame.header.session;
      ZONDA_ASSERT(frame.header.seq == ++said_last);
    }
    effects.restart = false;
  }

  void hear(std::string_view bytes) {
    const PeerSession::Event event = session.handle(bytes, now, effects);
    if (event == PeerSession::Event::Opened) {
      heard = 0;
      said_last = 0;  // also if the broker took the same number again
    }
    if (event == PeerSession::Event::Arrived) ZONDA_ASSERT(!encode({}, session.message()).empty());
    check_said();
  }

  void hear_well(fuzz::Input& input) {  // with the numbers it expects
    const std::string bytes(input.chunk());
    auto decoded = decode(bytes);
    Frame* frame = std::get_if<Frame>(&decoded);
    if (frame == nullptr) return;
    frame->header.session = session.number();
    frame->header.seq = ++heard;
    hear(encode(frame->header, frame->message));
  }

  void welcome(fuzz::Input& input) {
    Welcome message;
    message.attempt = session.hello().attempt;
    message.heartbeat_ms = input.number() * (input.flag() ? 1 : 100);
    message.lease_ms = input.number() * (input.flag() ? 1 : 1'000);
    hear(encode({input.number(), 0, 0, 0, 0}, message));
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  Peer peer;
  while (!input.at_end()) {
    switch (input.below(7)) {
      case 0: peer.hear(std::string(input.chunk())); break;
      case 1: peer.hear_well(input); break;
      case 2: peer.welcome(input); break;
      case 3: {
        Refuse refuse{RefuseCode::Recovering, "", input.number(), peer.session.hello().attempt};
        peer.hear(encode({}, refuse));
        break;
      }
      case 4: peer.session.say(Drain{}, peer.now, peer.effects); break;
      case 5: peer.session.set_sink(input.number(), input.flag()); break;
      default: {
        peer.now += std::chrono::milliseconds(input.byte()) * (input.flag() ? 1 : 100);
        peer.session.tick(peer.now, peer.effects);
        ZONDA_ASSERT(peer.session.next_deadline() > peer.now);
      }
    }
    peer.check_said();
  }
  return 0;
}
