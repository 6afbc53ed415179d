// A snapshot in the text format of Prometheus.
#pragma once

#include <string>

#include "broker/core/snapshot.h"

namespace zonda {

std::string metrics_of(const Snapshot& snapshot, const std::string& version);

}  // namespace zonda
