// client.cpp — one call, a million calls, calls as they finish
#include <zonda/client.h>

#include <iostream>
#include <ranges>
#include <vector>

#include "functions.h"

int main() {
  zonda::Client client;
  std::cout << "7 squared is " << client.submit(fn::square(7)).get() << "\n";

  std::int64_t sum = 0;
  for (std::int64_t v : client.map(fn::square, std::views::iota(1, 1'000'001))) sum += v;
  std::cout << "the first million squares sum up to " << sum << "\n";

  const std::vector<std::tuple<Point, double>> inputs{{{1, 2}, 10.0}, {{3, 4}, 0.5}};
  for (auto&& [index, result] : client.starmap(fn::scale, inputs).unordered()) {
    if (result)
      std::cout << "point " << index << " became (" << result->x << ", " << result->y << ")\n";
    else
      std::cout << "point " << index << " failed: " << result.error().message << "\n";
  }
}
