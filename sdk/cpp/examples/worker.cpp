// worker.cpp — a worker process: start it as often as you like, wherever the broker can be reached
#include <zonda/worker.h>

#include "functions.h"

int main(int argc, char** argv) {
  zonda::Worker worker;
  worker.bind(fn::square, [](std::int64_t x) { return x * x; });
  worker.bind(fn::scale, [](Point p, double by) { return Point{p.x * by, p.y * by}; });
  worker.bind(fn::repeat, [](zonda::Context& ctx, std::string s, int n) {
    std::string out;
    for (int i = 0; i < n && !ctx.stopping(); ++i) {
      out += s;
      ctx.progress(static_cast<std::uint64_t>(i + 1), static_cast<std::uint64_t>(n));
    }
    return out;
  });
  return worker.main(argc, argv);
}
