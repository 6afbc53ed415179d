#include "proto/lane.h"

#include <algorithm>

#include "proto/limits.h"

namespace zonda {
namespace {

// Memory grows with what arrives, not with what is said; up to here it is asked for at once, and untouched
// memory costs nothing.
constexpr std::uint64_t kReservedBytesMax = 64 << 20;

}  // namespace

std::vector<std::string> LaneSender::pack(Header header, const Message& message) {
  header.seq = ++last_;
  std::vector<std::string> frames;
  std::string whole = encode(header, message);
  if (whole.size() <= kFrameBytesMax) {
    frames.push_back(std::move(whole));
    return frames;
  }
  for (std::size_t offset = 0; offset < whole.size(); offset += kPieceBytes) {
    if (offset > 0) header.seq = ++last_;
    frames.push_back(
        encode(header, Piece{whole.size(), offset, std::string_view(whole).substr(offset, kPieceBytes)}));
  }
  return frames;
}

Arrival LaneReceiver::receive(Frame& frame) {
  release();
  if (broken_) return Arrival::Bad;
  if (frame.header.seq <= last_) return Arrival::Duplicate;
  if (frame.header.seq != last_ + 1) return Arrival::Gap;
  const Piece* piece = std::get_if<Piece>(&frame.message);
  // A message in the middle of another's pieces is as bad as a piece that does not fit.
  const Arrival arrival = piece != nullptr ? add_piece(*piece)
                          : total_ != 0    ? Arrival::Bad
                                           : Arrival::Complete;
  broken_ = arrival == Arrival::Bad;
  if (broken_) return arrival;
  ++last_;
  if (piece == nullptr) message_ = std::move(frame.message);
  return arrival;
}

void LaneReceiver::release() {
  if (total_ == 0) std::string().swap(assembled_);
}

Arrival LaneReceiver::add_piece(const Piece& piece) {
  if (piece.offset == 0 && total_ == 0) {
    assembled_.clear();
    total_ = piece.total;
  }
  // Slack for the frame around one payload of the largest size.
  if (total_ == 0 || total_ > kPayloadBytesMax + kFrameBytesMax) return Arrival::Bad;
  if (piece.total != total_ || piece.offset != assembled_.size() || piece.bytes.empty()) return Arrival::Bad;
  if (piece.bytes.size() > total_ - assembled_.size()) return Arrival::Bad;
  if (assembled_.empty()) assembled_.reserve(std::min(total_, kReservedBytesMax));
  assembled_.append(piece.bytes);
  if (assembled_.size() < total_) return Arrival::Partial;
  total_ = 0;
  std::variant<Frame, BadFrame> inner = decode(assembled_);
  Frame* frame = std::get_if<Frame>(&inner);
  if (frame == nullptr || std::holds_alternative<Piece>(frame->message)) return Arrival::Bad;
  message_ = std::move(frame->message);
  return Arrival::Complete;
}

}  // namespace zonda
