#include "proto/wire/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace zonda {
namespace {

std::string taken(const char* name) {
  const char* value = std::getenv(name);
  std::string text = value == nullptr ? "" : value;
  unsetenv(name);
  return text;
}

std::uint64_t number(const std::string& text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

ServiceManager::ServiceManager() : address_(taken("NOTIFY_SOCKET")) {
  watchdog_ = taken("WATCHDOG_USEC");
  watched_ = taken("WATCHDOG_PID");
  const bool is_usable = address_.size() > 1 && address_.size() < sizeof(sockaddr_un{}.sun_path) &&
                         (address_[0] == '/' || address_[0] == '@');
  if (!is_usable) return;
  socket_ = UniqueFd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const bool is_watched = watched_.empty() || number(watched_) == static_cast<std::uint64_t>(getpid());
  if (is_watched) every_ = std::chrono::microseconds(number(watchdog_) / 2);
}

void ServiceManager::ready(const std::string& status) {
  tell("READY=1\nSTATUS=" + status + "\n");
  if (every_.count() > 0) due_ = Clock::now();
}

void ServiceManager::status(const std::string& text) { tell("STATUS=" + text + "\n"); }

void ServiceManager::still_starting(const std::string& text, std::chrono::seconds more) {
  const auto time = std::chrono::duration_cast<std::chrono::microseconds>(more);
  tell("EXTEND_TIMEOUT_USEC=" + std::to_string(time.count()) + "\nSTATUS=" + text + "\n");
}

void ServiceManager::stopping() { tell("STOPPING=1\n"); }

void ServiceManager::hand_over() const {
  if (!address_.empty()) setenv("NOTIFY_SOCKET", address_.c_str(), 1);
  if (!watchdog_.empty()) setenv("WATCHDOG_USEC", watchdog_.c_str(), 1);
  if (!watched_.empty()) setenv("WATCHDOG_PID", watched_.c_str(), 1);
}

void ServiceManager::alive(Clock::time_point now) {
  if (now < due_) return;
  due_ = now + every_;
  tell("WATCHDOG=1\n");
}

// Best effort: nobody may wait for a service manager.
void ServiceManager::tell(const std::string& lines) {
  if (!socket_) return;
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, address_.data(), address_.size());
  if (to.sun_path[0] == '@') to.sun_path[0] = '\0';  // of the abstract namespace
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
  sendto(socket_.get(), lines.data(), lines.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&to),
         size);
}

}  // namespace zonda
