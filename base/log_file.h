#pragma once

#include <filesystem>

#include "absl/status/status.h"

namespace fp4 {

// From now on the log (base/log.h) goes to the end of this file, which is made; empty: to stderr,
// as before. When the file has been moved or removed it is opened anew, within a second, so that
// rotation needs no signal; until it can be, the old one is written to. The system's error: it
// cannot be opened now. Call it before there are threads.
absl::Status LogToFile(const std::filesystem::path& file);

}  // namespace fp4
