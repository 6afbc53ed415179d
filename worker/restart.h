// Begins this program anew, as it was started: the same process with the same words, and nothing in it of
// what ran before.
#pragma once

namespace zonda {

// Descriptors are closed, but for the first three. Signals that are blocked stay so, and wait for the new
// program. Returns only if it fails.
void restart_program();

}  // namespace zonda
