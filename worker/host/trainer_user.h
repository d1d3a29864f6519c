// Trainers that run as another user than the worker: what a trainer, or a library that it loads,
// can do is then what that user can do. It reads neither the worker's token nor its key, and writes
// to the folders of runs and nowhere else in the work directory.
//
// The folder of a run belongs to root and to the user's group, with the mode 3770: the trainer
// makes its files there and cannot remove, replace or rename those of the worker. The worker never
// follows a link that lies there as root (ActAsTrainer, O_NOFOLLOW).
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace fp4::worker {

// With what shells exit, and RunAsIfAsked, when a program cannot be started.
inline constexpr int kCannotExecute = 126;

struct TrainerUser {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
};

// INVALID_ARGUMENT: there is no such user, it is root, or this process is not root's, and so cannot
// become anybody else.
absl::StatusOr<TrainerUser> FindTrainerUser(const std::string& name);

// Opens the way to the runs' folders: the user may pass through `work_dir` and its runs/, and list
// neither. PERMISSION_DENIED: a folder above them is closed to him.
absl::Status LetPass(const std::filesystem::path& work_dir, const TrainerUser& user);

// Gives the folder of a run to the user, as above. What lies there already, of a worker without
// such a user or with another one, goes to the user, but for what `is_kept` says of its name.
absl::Status HandOver(const std::filesystem::path& run_folder, const TrainerUser& user,
                      bool (*is_kept)(std::string_view name));

// While it lives the calling thread, and threads that it starts meanwhile, open and make files as
// the user does, with his rights and in his name. Without a user nothing changes.
class ActAsTrainer {
 public:
  explicit ActAsTrainer(const std::optional<TrainerUser>& user);
  ~ActAsTrainer();
  ActAsTrainer(const ActAsTrainer&) = delete;
  ActAsTrainer& operator=(const ActAsTrainer&) = delete;

 private:
  const bool acts_;
};

// The first arguments of a program that is to run as the user: this program becomes the user first.
std::vector<std::string> RunAsPrefix(const TrainerUser& user);

// What main() does with such arguments: becomes the user for good, with his groups, without a way
// to get more rights, and then the program. Returns nothing: not called with such arguments;
// otherwise the status to exit with, after it has said on stderr what is wrong.
std::optional<int> RunAsIfAsked(int argc, char** argv);

}  // namespace fp4::worker
