#include "trainer/run/mapped_read_guard.h"

#include <signal.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "base/trainer_exit.h"

namespace fp4::trainer {
namespace {

// Made before the handler can run: it may do nothing but write it.
std::string message;
struct sigaction before;

void OnBusError(int /*signal*/) {
  // What is left to do when this fails is the same.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, message.data(), message.size());
  _exit(kExitFailed);
}

}  // namespace

MappedReadGuard::MappedReadGuard(const std::filesystem::path& file) {
  message =
      absl::StrCat("fp4-train: ", file.string(), ": was cut off while the run was reading it\n");
  struct sigaction action {};
  action.sa_handler = OnBusError;
  sigaction(SIGBUS, &action, &before);
}

MappedReadGuard::~MappedReadGuard() { sigaction(SIGBUS, &before, nullptr); }

}  // namespace fp4::trainer
