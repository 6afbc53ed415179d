#include "broker/doorman.h"

#include "proto/frame.h"

namespace zonda {

namespace {
constexpr std::uint64_t kRetryAfterMs = 300;
}

void Doorman::turn(std::chrono::milliseconds time) {
  wire_.receive_until(std::chrono::steady_clock::now() + time, [&](Connection from, std::string_view bytes) {
    if (from.port == Port::Sink) return;
    if (bytes.empty()) return wire_.send(from, encode(Header{}, Who{}));  // a new connection
    const std::variant<Frame, BadFrame> decoded = decode(bytes);
    const Frame* frame = std::get_if<Frame>(&decoded);
    if (frame == nullptr) return;
    const Hello* hello = std::get_if<Hello>(&frame->message);
    if (hello == nullptr) return wire_.send(from, encode(Header{}, Who{}));
    const Refuse refuse{RefuseCode::Recovering, "the broker is recovering, try again", kRetryAfterMs,
                        hello->attempt};
    wire_.send(from, encode(Header{}, refuse));
  });
  wire_.take_gone();
}

}  // namespace zonda
