// The functions that tests of executors run, in threads and in children of this very program.
// Arguments and results are plain bytes: executors do not look into them.
#pragma once

#include "worker/executor/handlers.h"

zonda::Handlers test_handlers();
