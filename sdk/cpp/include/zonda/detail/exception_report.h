// What user code threw, as a report.
#pragma once

#include <zonda/task_report.h>

namespace zonda::detail {

// Call it inside a catch block. Kind failed; `type` is the C++ type of the exception ("DecodeError" for
// arguments that do not fit), `message` its text, cut at 16 KiB. The caller adds worker, host and attempt.
TaskReport report_current_exception();

}  // namespace zonda::detail
