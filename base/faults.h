// Whose fault an error is. A run whose document is wrong would fail again everywhere; one that met
// a full disk may do better on another machine, or later.
#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace fp4 {

// `error`, marked as a fault of the machine: its code is UNAVAILABLE, so that nobody takes it for
// one of the document, its message stays, and ReasonOf is reason::kDiskFull where the error says
// that, else reason::kMachineFault. OK and CANCELLED stay as they are.
absl::Status MachineFault(const absl::Status& error);

// For a system call that failed with `error` on a file that the document or the command line names;
// `what` says what was tried. NOT_FOUND or INVALID_ARGUMENT where another name or other permissions
// would mend it (no such file, a folder in its place, access denied, …), else a MachineFault.
absl::Status NamedFileStatus(int error, std::string_view what);

}  // namespace fp4
