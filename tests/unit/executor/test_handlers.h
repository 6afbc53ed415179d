// The functions that tests of executors run, in threads and in children of this very program.
// Arguments and results are plain bytes: executors do not look into them.
#pragma once

#include "worker/executor/handlers.h"

zonda::Handlers test_handlers();
// A process that a child's program starts before anything else if this is in its environment.
inline constexpr const char* kWithHelper = "ZONDA_TEST_HELPER";
void start_helper();
// Ends "deaf" tasks of threads, and lets none begin to be so.
void end_deafness();
