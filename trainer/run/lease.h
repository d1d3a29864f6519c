// The lease file: {"boot_id", "deadline_ns"}, rewritten by the worker as long as this trainer may
// live.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "base/clock.h"

namespace fp4::trainer {

// Why a trainer under this lease has to end now; empty: it may go on. `since_boot` is the time on
// the clock that the deadline is on, `boot_id` this boot's.
std::string LeaseEnded(std::string_view lease_json, std::string_view boot_id,
                       absl::Duration since_boot);

// How long until the lease has to be looked at again: a second, or less where it may end before.
absl::Duration NextLook(std::string_view lease_json, absl::Duration since_boot);

// Starts a thread that reads the file each second, and when its deadline comes, and ends the whole
// process (status 1, a line on stderr) once the lease has ended or the file is gone: an orphan does
// not outlive its lease, whatever the training thread does.
void EndWithLease(const std::filesystem::path& lease_file, const Clock& clock);

}  // namespace fp4::trainer
