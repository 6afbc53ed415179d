#include "cli/result_stream.h"

namespace zonda::cli {

ResultStream::ResultStream(Sink& out, const CommonOptions& common, Json head)
    : out_(out), document_(common.output == "json"), head_(std::move(head)) {}

ResultStream::~ResultStream() {
  try {
    close();
  } catch (...) {  // who wants to know closes before
    open_ = false;
  }
}

void ResultStream::open() {
  if (!document_ || open_) return;
  open_ = true;
  std::string text = to_text(head_);
  text.back() = ',';  // instead of the brace
  out_.write(text + "\"results\":[");
}

void ResultStream::add(const Json& result) {
  open();
  if (document_) out_.write(empty_ ? "\n" : ",\n");
  out_.write(to_text(result));
  if (!document_) out_.write("\n");
  empty_ = false;
}

void ResultStream::close() {
  if (!std::exchange(open_, false)) return;
  out_.write(empty_ ? "]}\n" : "\n]}\n");
}

}  // namespace zonda::cli
