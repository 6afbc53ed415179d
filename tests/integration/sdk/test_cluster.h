// A real broker and real workers in threads of the test, over real sockets.
#pragma once

#include <memory>
#include <string>

namespace zonda::test {

// What a worker task waits at. Opened gates stay open.
class Gates {
 public:
  static void open(const std::string& name);
  static void close_all();
};

class TestBroker {
 public:
  // At an ipc address of its own, or at the address given. `cookie`: peers must show it.
  explicit TestBroker(const std::string& address = {}, const std::string& cookie = {});
  ~TestBroker();

  const std::string& address() const;
  void restart_with_empty_memory();
  void stop();

 private:
  struct Part;
  std::unique_ptr<Part> part_;
};

class TestWorker {
 public:
  explicit TestWorker(const TestBroker& broker, int slots = 2);
  ~TestWorker();

 private:
  struct Part;
  std::unique_ptr<Part> part_;
};

}  // namespace zonda::test
