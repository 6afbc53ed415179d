// beanstalkd over its protocol: the client puts jobs of 8 bytes into one tube, a worker reserves them, puts
// what came into another and deletes the job; the client takes the results from there. Puts and deletes do
// not wait for their answers; a job is reserved when the one before was, as client libraries do it.
//   beanstalkd worker PORT | throughput PORT TASKS | latency PORT COUNT
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>

#include "tests/bench/peers/report.h"

using namespace zonda::bench;

namespace {

constexpr std::uint64_t kOutstanding = 1'000;
constexpr int kPrefetch = 100;  // of a worker

class Connection {
 public:
  explicit Connection(int port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    expect(connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "no server");
    const int on = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  ~Connection() { close(socket_); }

  void say(std::string_view words) { unsent_ += words; }
  void put(std::string_view body) {
    say("put 0 0 600 " + std::to_string(body.size()) + "\r\n");
    say(body);
    say("\r\n");
  }
  void flush() {
    for (std::string_view left = unsent_; !left.empty();) {
      const ssize_t sent = send(socket_, left.data(), left.size(), MSG_NOSIGNAL);
      expect(sent > 0, "the server is gone");
      left.remove_prefix(static_cast<std::size_t>(sent));
    }
    unsent_.clear();
  }
  std::string_view line() {
    std::size_t end;
    while ((end = unread().find("\r\n")) == std::string_view::npos) receive();
    const std::string_view found = unread().substr(0, end);
    read_ += end + 2;
    return found;
  }
  std::string_view body(std::size_t bytes) {
    while (unread().size() < bytes + 2) receive();
    const std::string_view found = unread().substr(0, bytes);
    read_ += bytes + 2;
    return found;
  }

 private:
  void receive() {
    flush();
    if (read_ > (1 << 16)) received_.erase(0, std::exchange(read_, 0));
    char bytes[1 << 16];
    const ssize_t count = recv(socket_, bytes, sizeof bytes, 0);
    expect(count > 0, "the server is gone");
    received_.append(bytes, static_cast<std::size_t>(count));
  }
  std::string_view unread() const { return std::string_view(received_).substr(read_); }

  int socket_;
  std::string unsent_;
  std::string received_;
  std::size_t read_ = 0;
};

struct Reserved {
  std::string id;
  std::string body;
};

// Reads past the answers to what did not wait for one, to "RESERVED id bytes".
Reserved next_reserved(Connection& connection, std::uint64_t& deleted) {
  for (;;) {
    const std::string line(connection.line());
    if (line.starts_with("RESERVED ")) {
      const std::size_t space = line.find(' ', 9);
      return {line.substr(9, space - 9), std::string(connection.body(std::stoull(line.substr(space + 1))))};
    }
    expect(line == "DELETED" || line.starts_with("WATCHING "), "the server refused something");
    deleted += line == "DELETED" ? 1 : 0;
  }
}

[[noreturn]] void work(int port) {
  Connection gets(port), puts(port);
  puts.say("use results\r\n");
  puts.line();
  gets.say("watch tasks\r\nignore default\r\n");
  for (int each = 0; each < kPrefetch; ++each) gets.say("reserve\r\n");
  for (std::uint64_t deleted = 0;;) {
    const Reserved job = next_reserved(gets, deleted);
    puts.put(job.body);
    expect(puts.line().starts_with("INSERTED "), "a result was not taken");  // and only then the task goes
    gets.say("delete " + job.id + "\r\nreserve\r\n");
  }
}

void call(Connection& puts, Connection& gets, std::uint64_t tasks, std::uint64_t at_once) {
  std::uint64_t deleted = 0;
  for (std::uint64_t sent = 0, seen = 0; seen < tasks; ++seen) {
    for (; sent < tasks && sent - seen < at_once; ++sent) {
      puts.put(std::string_view(reinterpret_cast<const char*>(&sent), sizeof sent));
      gets.say("reserve\r\n");
    }
    puts.flush();
    const Reserved result = next_reserved(gets, deleted);
    gets.say("delete " + result.id + "\r\n");
    expect(result.body.size() == sizeof sent, "a wrong result");
    if (at_once == 1) expect(std::memcmp(result.body.data(), &seen, sizeof seen) == 0, "a result of before");
    expect(puts.line().starts_with("INSERTED "), "a job was not taken");  // what has come back was put
  }
  for (; deleted < tasks; ++deleted)  // or the last results would come back for somebody else
    expect(gets.line() == "DELETED", "a result was not deleted");
}

}  // namespace

int main(int argc, char** argv) try {
  expect(argc >= 3, "too few words");
  const std::string what = argv[1];
  const int port = std::stoi(argv[2]);
  if (what == "worker") work(port);
  const std::uint64_t tasks = std::stoull(argv[3]);
  Connection puts(port), gets(port);
  puts.say("use tasks\r\n");
  puts.line();
  gets.say("watch results\r\nignore default\r\n");
  measure(what, tasks, kOutstanding,
          [&](std::uint64_t number, std::uint64_t at_once) { call(puts, gets, number, at_once); });
} catch (const std::exception& error) {
  std::cerr << "beanstalkd: " << error.what() << '\n';
  return 1;
}
