#include <zonda/detail/exception_report.h>
#include <zonda/detail/reader.h>

#include <cxxabi.h>

#include <cstdlib>
#include <exception>
#include <memory>
#include <string_view>
#include <typeinfo>

namespace zonda::detail {
namespace {

constexpr std::size_t kMessageBytesMax = 16 << 10;  // a report fits in a control frame
constexpr std::size_t kTypeBytesMax = 1 << 10;      // names of templates grow without bound

std::string type_name(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> text(
      abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), &std::free);
  return std::string(status == 0 ? text.get() : type.name()).substr(0, kTypeBytesMax);
}

TaskReport failed(std::string type, const char* message) {
  TaskReport report;
  report.kind = TaskReport::failed;
  report.type = std::move(type);
  report.message = std::string_view(message != nullptr ? message : "").substr(0, kMessageBytesMax);
  return report;
}

}  // namespace

TaskReport report_current_exception() {
  try {
    throw;
  } catch (const DecodeError& error) {
    return failed("DecodeError", error.what());
  } catch (const std::exception& error) {
    return failed(type_name(typeid(error)), error.what());
  } catch (const std::string& text) {
    return failed("std::string", text.c_str());
  } catch (const char* text) {
    return failed("const char*", text);
  } catch (...) {
    const std::type_info* type = abi::__cxa_current_exception_type();
    return failed(type != nullptr ? type_name(*type) : "unknown", "an exception without a text");
  }
}

}  // namespace zonda::detail
