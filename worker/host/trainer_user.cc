#include "worker/host/trainer_user.h"

#include <grp.h>
#include <pwd.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status_macros.h"

namespace fp4::worker {
namespace {

namespace fs = std::filesystem;

constexpr char kRunAs[] = "--run-as";
constexpr mode_t kPassMode = 0710;
// Sticky: nobody removes or renames what belongs to others; setgid: what is made has the group.
constexpr mode_t kRunMode = S_ISVTX | S_ISGID | 0770;

struct Account {
  TrainerUser user;
  std::string home;
};

absl::StatusOr<Account> Find(const std::string& name) {
  std::array<char, 1 << 14> texts{};
  passwd entry{};
  passwd* found = nullptr;
  const int error = getpwnam_r(name.c_str(), &entry, texts.data(), texts.size(), &found);
  if (error != 0) return ErrnoStatus(error, absl::StrCat("look up the user '", name, "'"));
  if (found == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("there is no user '", name, "' on this machine"));
  }
  return Account{.user = {.name = name, .uid = entry.pw_uid, .gid = entry.pw_gid},
                 .home = entry.pw_dir};
}

absl::Status Give(const fs::path& path, uid_t uid, gid_t gid) {
  if (lchown(path.c_str(), uid, gid) == 0) return absl::OkStatus();
  return ErrnoStatus(errno, absl::StrCat("give ", path.string(), " to another user"));
}

absl::Status SetMode(const fs::path& path, mode_t mode) {
  if (chmod(path.c_str(), mode) == 0) return absl::OkStatus();
  return ErrnoStatus(errno, absl::StrCat("change the mode of ", path.string()));
}

// No link is followed.
absl::Status GiveContents(const fs::path& folder, const TrainerUser& user,
                          bool (*is_kept)(std::string_view)) {
  std::error_code error;
  for (auto next = fs::recursive_directory_iterator(folder, error);
       next != fs::recursive_directory_iterator(); next.increment(error)) {
    if (error) break;
    const bool kept = next.depth() == 0 && is_kept(next->path().filename().string());
    FP4_RETURN_IF_ERROR(Give(next->path(), kept ? geteuid() : user.uid, user.gid));
  }
  return error ? ErrnoStatus(error.value(), absl::StrCat("look at ", folder.string()))
               : absl::OkStatus();
}

// For good: there is no way back, not even by a program that gives its owner's rights.
absl::Status Become(const Account& account) {
  const TrainerUser& user = account.user;
  if (initgroups(user.name.c_str(), user.gid) != 0 ||
      setresgid(user.gid, user.gid, user.gid) != 0 ||
      setresuid(user.uid, user.uid, user.uid) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return ErrnoStatus(errno, absl::StrCat("become the user '", user.name, "'"));
  }
  if (setuid(0) == 0) return absl::InternalError("the rights of root could not be given up");
  setenv("HOME", account.home.c_str(), 1);
  setenv("USER", user.name.c_str(), 1);
  setenv("LOGNAME", user.name.c_str(), 1);
  return absl::OkStatus();
}

absl::Status RunAs(const std::string& name, char** program) {
  FP4_ASSIGN_OR_RETURN(const Account account, Find(name));
  FP4_RETURN_IF_ERROR(Become(account));
  execv(program[0], program);
  return ErrnoStatus(errno, absl::StrCat("start ", program[0], " as '", name, "'"));
}

}  // namespace

absl::StatusOr<TrainerUser> FindTrainerUser(const std::string& name) {
  if (geteuid() != 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "'", name, "': only a worker that runs as root can have its trainers run as another user"));
  }
  FP4_ASSIGN_OR_RETURN(const Account account, Find(name));
  if (account.user.uid == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", name, "' has the rights of root; name a user who has none"));
  }
  return account.user;
}

absl::Status LetPass(const fs::path& work_dir, const TrainerUser& user) {
  for (const fs::path& folder : {work_dir, work_dir / "runs"}) {
    FP4_RETURN_IF_ERROR(Give(folder, geteuid(), user.gid));
    FP4_RETURN_IF_ERROR(SetMode(folder, kPassMode));
  }
  const ActAsTrainer act(user);
  struct stat info {};
  if (stat((work_dir / "runs" / ".").c_str(), &info) == 0) return absl::OkStatus();
  return ErrnoStatus(
      errno, absl::StrCat("go to ", work_dir.string(), " as the trainers' user '", user.name, "'"));
}

absl::Status HandOver(const fs::path& run_folder, const TrainerUser& user,
                      bool (*is_kept)(std::string_view)) {
  struct stat info {};
  if (lstat(run_folder.c_str(), &info) != 0) {
    return ErrnoStatus(errno, absl::StrCat("look at ", run_folder.string()));
  }
  if (info.st_gid == user.gid && (info.st_mode & 07777) == kRunMode) return absl::OkStatus();
  FP4_RETURN_IF_ERROR(GiveContents(run_folder, user, is_kept));
  FP4_RETURN_IF_ERROR(Give(run_folder, geteuid(), user.gid));
  return SetMode(run_folder, kRunMode);
}

// Raw numbers of one thread (setfsuid(2)); with the rights of root go those to read all files.
ActAsTrainer::ActAsTrainer(const std::optional<TrainerUser>& user) : acts_(user.has_value()) {
  if (!acts_) return;
  setfsgid(user->gid);
  setfsuid(user->uid);
}

ActAsTrainer::~ActAsTrainer() {
  if (!acts_) return;
  setfsuid(geteuid());
  setfsgid(getegid());
}

std::vector<std::string> RunAsPrefix(const TrainerUser& user) {
  return {"/proc/self/exe", kRunAs, user.name};
}

std::optional<int> RunAsIfAsked(int argc, char** argv) {
  if (argc < 2 || std::strcmp(argv[1], kRunAs) != 0) return std::nullopt;
  const absl::Status status = argc < 4 ? absl::InvalidArgumentError("takes a user and a program")
                                       : RunAs(argv[2], argv + 3);
  std::cerr << argv[0] << " " << kRunAs << ": " << status.message() << "\n";
  return kCannotExecute;
}

}  // namespace fp4::worker
