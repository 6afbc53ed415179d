#include "cli/input_reader.h"

#include <unistd.h>

#include <condition_variable>

using zonda::cli::InputReader;

namespace {

struct InputReaderFixture {
  int ends[2];
  std::mutex mutex;
  std::condition_variable condition;
  int calls = 0;

  InputReaderFixture() { REQUIRE(pipe(ends) == 0); }
  ~InputReaderFixture() {
    close(ends[0]);
    close(ends[1]);
  }
  void write(std::string_view bytes) {
    REQUIRE(::write(ends[1], bytes.data(), bytes.size()) == ssize_t(bytes.size()));
  }
  void end() {
    close(ends[1]);
    ends[1] = dup(ends[0]);
  }
  std::function<void()> counter() {
    return [this] {
      const std::lock_guard lock(mutex);
      ++calls;
      condition.notify_all();
    };
  }
  void wait_for_calls(int count) {
    std::unique_lock lock(mutex);
    condition.wait(lock, [&] { return calls >= count; });
  }
};

}  // namespace

TEST_CASE_METHOD(InputReaderFixture, "inputs are there before the producer ends") {
  InputReader reader(ends[0], '\n', counter());
  write("a\nb\nc");
  wait_for_calls(1);
  InputReader::Taken taken = reader.take();
  CHECK(taken.inputs == std::vector<std::string>{"a", "b"});
  CHECK_FALSE(taken.end);
  end();
  wait_for_calls(2);
  taken = reader.take();
  CHECK(taken.inputs == std::vector<std::string>{"c"});
  CHECK(taken.end);
}

TEST_CASE_METHOD(InputReaderFixture, "a reader can be left while the producer is silent") {
  InputReader reader(ends[0], '\n', counter());
  write("a\n");
  wait_for_calls(1);
  CHECK_FALSE(reader.take().end);
}
