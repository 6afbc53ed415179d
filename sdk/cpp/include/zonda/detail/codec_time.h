// Points in time of the system clock: msgpack's timestamp, which other languages know too.
#pragma once

#include <zonda/detail/codec_base.h>
#include <zonda/detail/codec_msgpack.h>

#include <chrono>
#include <ctime>

namespace zonda::detail {

template <class Duration>
struct Codec<std::chrono::time_point<std::chrono::system_clock, Duration>> {
  using Time = std::chrono::time_point<std::chrono::system_clock, Duration>;

  static void encode(Output& out, Time value, int depth) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(value);
    const auto rest = std::chrono::duration_cast<std::chrono::nanoseconds>(value - seconds);
    std::timespec stamp{};
    stamp.tv_sec = seconds.time_since_epoch().count();
    stamp.tv_nsec = rest.count();
    Codec<std::timespec>::encode(out, stamp, depth);
  }

  static Time decode(Reader& reader, int depth) {
    const auto stamp = Codec<std::timespec>::decode(reader, depth);
    const std::chrono::seconds seconds(stamp.tv_sec);
    const std::chrono::nanoseconds rest(stamp.tv_nsec);
    if (rest.count() < 0 || rest >= std::chrono::seconds(1))
      throw DecodeError("a timestamp with too many nanoseconds");
    // The last second of the range is given up, so that adding the rest cannot overflow.
    if (seconds <= std::chrono::ceil<std::chrono::seconds>(bound(Duration::min())) ||
        seconds >= std::chrono::floor<std::chrono::seconds>(bound(Duration::max()))) {
      throw DecodeError("timestamp out of range");
    }
    const auto fraction = std::chrono::duration_cast<Duration>(rest);
    if (fraction != rest) throw DecodeError("timestamp finer than the declared type");
    return Time(std::chrono::duration_cast<Duration>(seconds) + fraction);
  }

  static void describe(SignatureWriter& writer) { writer << "any"; }

 private:
  // A limit of Duration that seconds can hold too.
  static std::chrono::duration<long double> bound(Duration limit) {
    const std::chrono::duration<long double> wide(limit);
    const std::chrono::duration<long double> low(std::chrono::seconds::min());
    const std::chrono::duration<long double> high(std::chrono::seconds::max());
    return std::clamp(wide, low, high);
  }
};

}  // namespace zonda::detail
