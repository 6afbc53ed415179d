// The functions that tests of executors run, in threads and in children of this very program.
// Arguments and results are plain bytes: executors do not look into them.
#pragma once

#include "worker/executor/handlers.h"

zonda::Handlers test_handlers();
// Ends "deaf" tasks of threads, and lets none begin to be so.
void end_deafness();
