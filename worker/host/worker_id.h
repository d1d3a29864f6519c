// Who this worker is, and where: what tells it from others.
#pragma once

#include <filesystem>
#include <string>

#include "absl/status/statusor.h"

namespace fp4::worker {

inline constexpr char kWorkerIdFile[] = "worker-id";

// The id of the worker of `work_dir`: 128 random bits as 32 hexadecimal digits, in the directory's
// file `worker-id`, which is made at the first start. It stays the same under whatever name the
// directory is reached, and when it is renamed or moved to another machine. FAILED_PRECONDITION
// names a file that holds something else. The caller has locked the directory.
absl::StatusOr<std::string> WorkerIdOf(const std::filesystem::path& work_dir);

// Where `work_dir` is: this boot of this host, and the directory on its disk. Only one worker of
// one place lives at a time, since it locks the directory. Empty: the system does not tell.
std::string PlaceOf(const std::filesystem::path& work_dir);

}  // namespace fp4::worker
