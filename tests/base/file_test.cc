#include "base/file.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

namespace fp4 {
namespace {

class FileTest : public testing::Test {
 protected:
  FileTest() { std::filesystem::create_directories(folder_); }
  ~FileTest() override { std::filesystem::remove_all(folder_); }

  int64_t NumEntries() const {
    return std::distance(std::filesystem::directory_iterator(folder_),
                         std::filesystem::directory_iterator());
  }

  const std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) / ("file_test." + std::to_string(getpid()));
};

TEST_F(FileTest, WrittenContentIsReadBackAndLeavesNoTemporaryFile) {
  std::string content = "a\0b\n";
  ASSERT_TRUE(WriteFileDurably(folder_ / "x", content).ok());
  ASSERT_TRUE(WriteFileDurably(folder_ / "x", content + "more").ok());
  EXPECT_EQ(*ReadFile(folder_ / "x"), content + "more");
  EXPECT_EQ(NumEntries(), 1);
}

TEST_F(FileTest, AFailedWriteKeepsTheOldContentAndLeavesNothingBehind) {
  std::filesystem::create_directories(folder_ / "x" / "y");  // a rename over a folder fails
  EXPECT_FALSE(ReplaceFile(folder_ / "x", "new").ok());
  EXPECT_TRUE(std::filesystem::is_directory(folder_ / "x" / "y"));
  EXPECT_EQ(NumEntries(), 1);
}

TEST_F(FileTest, AMissingFileIsNotFoundAndNamed) {
  auto content = ReadFile(folder_ / "nothing");
  EXPECT_EQ(content.status().code(), absl::StatusCode::kNotFound);
  EXPECT_NE(std::string(content.status().message()).find("nothing"), std::string::npos);
}

TEST_F(FileTest, TheTailHoldsTheLastBytes) {
  ASSERT_TRUE(ReplaceFile(folder_ / "x", "0123456789").ok());
  EXPECT_EQ(*ReadFileTail(folder_ / "x", 4), "6789");
  EXPECT_EQ(*ReadFileTail(folder_ / "x", 100), "0123456789");
}

TEST_F(FileTest, ALockedFolderIsRefusedToAnotherProcessUntilTheOwnerEnds) {
  auto lock = LockFolder(folder_);
  ASSERT_TRUE(lock.ok());
  EXPECT_EQ(LockFolder(folder_).status().code(), absl::StatusCode::kFailedPrecondition);
  *lock = UniqueFd();
  EXPECT_TRUE(LockFolder(folder_).ok());
}

TEST_F(FileTest, WriteAllPassesMoreThanAPipeHolds) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  std::string data(1 << 20, 'x');
  pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    _exit(WriteAll(ends[1], data).ok() ? 0 : 1);
  }
  close(ends[1]);
  UniqueFd reader(ends[0]);
  size_t total = 0;
  char buffer[4096];
  for (ssize_t n; (n = read(reader.get(), buffer, sizeof buffer)) > 0;) total += n;
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(total, data.size());
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace fp4
