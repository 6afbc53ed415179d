// What is answered to whom: the pages of the HTTP port, from a snapshot. No sockets here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "broker/http/board.h"

namespace zonda {

struct HttpRequest {
  std::string_view method;
  std::string_view target;  // "/metrics?x=y"
  std::string_view host;    // the header; empty: there was none
};

struct HttpAnswer {
  unsigned status = 200;
  std::string type = "text/plain; charset=utf-8";
  std::string body;
  std::string allow{};  // methods, if that is what was wrong
};

class Pages {
 public:
  // `names`: by which hosts besides addresses and localhost it may be called. Another name may be a
  // page in somebody's browser that pretends to be from here (DNS rebinding).
  Pages(const Board& board, std::string version, std::vector<std::string> names)
      : board_(board), version_(std::move(version)), names_(std::move(names)) {}

  HttpAnswer answer(const HttpRequest& request, Board::Clock::time_point now) const;

 private:
  bool is_our_name(std::string_view host) const;
  HttpAnswer about(std::string_view path, const Board::Look& look, bool is_alive) const;

  const Board& board_;
  std::string version_;
  std::vector<std::string> names_;
};

}  // namespace zonda
