#include "base/allowed_roots.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace fp4 {
namespace {

namespace fs = std::filesystem;

class AllowedRootsTest : public ::testing::Test {
 protected:
  AllowedRootsTest() {
    fs::create_directories(root_ / "corpus");
    fs::create_directories(outside_);
    fs::create_directory_symlink(outside_, root_ / "link");
  }
  ~AllowedRootsTest() override { fs::remove_all(base_); }

  const fs::path base_ =
      fs::canonical(fs::temp_directory_path()) / ("allowed_roots_" + std::to_string(getpid()));
  const fs::path root_ = base_ / "data", outside_ = base_ / "secret";
};

TEST_F(AllowedRootsTest, AllowsWhatLiesInside) {
  const AllowedRoots roots({root_});
  for (const char* tail :
       {"", "corpus/a.txt", "corpus/*.txt", "*/a.txt", "not/there/yet", "corpus/../corpus/a"}) {
    EXPECT_TRUE(roots.Allow((root_ / tail).string())) << tail;
  }
  EXPECT_TRUE(AllowedRoots({root_.string() + "/"}).Allow((root_ / "a").string()));
}

TEST_F(AllowedRootsTest, RefusesWhatLeadsOutside) {
  const AllowedRoots roots({root_});
  for (const char* tail :
       {"../secret/a", "link/a", "link/*", "*/../../secret/a", "corpus/../../secret"}) {
    EXPECT_FALSE(roots.Allow((root_ / tail).string())) << tail;
  }
  EXPECT_FALSE(roots.Allow(root_.string() + "bank/a"));
  EXPECT_FALSE(roots.Allow("corpus/a.txt"));
  EXPECT_FALSE(roots.Allow(""));
}

TEST_F(AllowedRootsTest, TheRootOfTheSystemAllowsAllThatIsAbsolute) {
  EXPECT_TRUE(AllowedRoots({"/"}).Allow("/etc/hosts"));
  EXPECT_FALSE(AllowedRoots({"/"}).Allow("etc/hosts"));
}

TEST_F(AllowedRootsTest, WithoutRootsNothingIsAllowed) {
  EXPECT_FALSE(AllowedRoots({}).Allow("/etc/hosts"));
}

}  // namespace
}  // namespace fp4
