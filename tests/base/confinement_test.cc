#include "base/confinement.h"

#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gtest/gtest.h"

namespace fp4 {
namespace {

// In a child: what is closed stays closed.
int InChild(int (*body)()) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(CloseFiles, TakesAllFromOthersAndWritingFromTheGroupAndGivesNothingBack) {
  EXPECT_EQ(InChild([] {
              umask(0);
              CloseFiles();
              return static_cast<int>(umask(0));
            }),
            027);
  EXPECT_EQ(InChild([] {
              umask(077);
              CloseFiles();
              return static_cast<int>(umask(0));
            }),
            077);
}

TEST(CloseMemory, DumpsNoCore) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer looks into its process";
#endif
  EXPECT_EQ(InChild([] {
              CloseMemory();
              return static_cast<int>(prctl(PR_GET_DUMPABLE));
            }),
            0);
}

}  // namespace
}  // namespace fp4
