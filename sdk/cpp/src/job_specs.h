// What the public options say, as the protocol says it.
#pragma once

#include <zonda/detail/call_parts.h>
#include <zonda/map_options.h>

#include <string>
#include <string_view>

#include "proto/messages.h"

namespace zonda {

JobSpec job_spec_of(const detail::CallParts& call);
// Throws Error if an option is not allowed.
JobSpec job_spec_of(std::string_view function, const std::string& signature, const MapOptions& options);

}  // namespace zonda
