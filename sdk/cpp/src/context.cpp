#include <zonda/context.h>
#include <zonda/detail/task_control.h>

namespace zonda {

bool Context::stopping() const { return control_.stopping(); }
std::stop_token Context::stop_token() { return control_.stop_token(); }
void Context::progress(std::uint64_t done, std::uint64_t total, std::string_view text) {
  control_.progress(done, total, text);
}
std::uint32_t Context::attempt() const { return control_.attempt(); }
Token Context::token() const { return control_.token(); }
TaskId Context::task() const { return control_.task(); }

}  // namespace zonda
