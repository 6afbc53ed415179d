#include "worker/executor/task_run.h"

#include <cxxabi.h>
#include <zonda/detail/reader.h>

#include <cstdlib>
#include <exception>
#include <memory>
#include <typeinfo>

#include "proto/limits.h"
#include "proto/report.h"
#include "worker/executor/outcome.h"

namespace zonda {
namespace {

constexpr std::size_t kMessageMax = 64 * 1024;  // an exception's text travels in every list of failures

std::string readable_name(const std::type_info* type) {
  if (type == nullptr) return "unknown";
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(
      abi::__cxa_demangle(type->name(), nullptr, nullptr, &status), std::free);
  return name ? name.get() : type->name();
}

std::string report_failure(std::string type, std::string_view message) {
  TaskReport report;
  report.type = std::move(type);
  report.message = message.substr(0, kMessageMax);
  return encode_report(report);
}

// Inside a catch block: turns the current exception into a report.
std::string report_current_exception(std::uint8_t& kind) {
  kind = TaskReport::failed;
  try {
    throw;
  } catch (TaskEnded& ended) {
    kind = ended.kind;
    return std::move(ended.report);
  } catch (const detail::DecodeError& error) {
    return report_failure("DecodeError", error.what());
  } catch (const std::exception& error) {
    return report_failure(readable_name(&typeid(error)), error.what());
  } catch (const std::string& text) {
    return report_failure("std::string", text);
  } catch (const char* text) {
    return report_failure("const char*", text == nullptr ? "" : text);
  } catch (...) {
    return report_failure(readable_name(abi::__cxa_current_exception_type()),
                          "threw something that is no std::exception");
  }
}

}  // namespace

std::uint8_t run_task(const detail::Handler& handler, detail::TaskControl& control,
                      std::string_view arguments, detail::Output& out) {
  const std::size_t before = out.bytes().size();
  std::uint8_t kind = kValue;
  std::string report;
  try {
    handler.call(control, arguments, out);
    const std::size_t bytes = out.bytes().size() - before;
    if (bytes <= kPayloadBytesMax) return kValue;
    kind = TaskReport::failed;
    report = report_failure("ResultTooLarge", "the encoded result has " + std::to_string(bytes) +
                                                  " bytes, at most " + std::to_string(kPayloadBytesMax) +
                                                  " are taken");
  } catch (const abi::__forced_unwind&) {
    throw;
  } catch (...) {
    report = report_current_exception(kind);
  }
  out.bytes().resize(before);  // half a result may be there
  out.bytes() += report;
  return kind;
}

std::string report_unknown_function(std::string_view name, std::string_view signature) {
  return report_failure("UnknownFunction",
                        "this worker does not serve " + std::string(name) + " " + std::string(signature));
}

}  // namespace zonda
