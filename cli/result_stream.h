// Results printed for programs, one by one as they come: `-o json` makes one document of them, `-o jsonl` a
// line of each.
#pragma once

#include "cli/environment.h"
#include "cli/json.h"

namespace zonda::cli {

class ResultStream {
 public:
  // The document is `head` with a list of "results". Nothing is written yet.
  ResultStream(Sink& out, const CommonOptions& common, Json head);
  ~ResultStream();  // closes it: also what ended early is a document
  ResultStream(const ResultStream&) = delete;
  ResultStream& operator=(const ResultStream&) = delete;

  void open();  // once there can be results: from here on there will be a document
  void add(const Json& result);
  void close();  // nothing comes after it

 private:
  Sink& out_;
  bool document_;
  Json head_;
  bool open_ = false;
  bool empty_ = true;
};

}  // namespace zonda::cli
