#include "base/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/faults.h"
#include "base/file_identity.h"
#include "base/reasons.h"
#include "base/stop_check.h"

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
  const std::string content("a\0b\n", 4);
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
    _exit(WriteAll(ends[1], data, "pipe").ok() ? 0 : 1);
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

TEST_F(FileTest, FullDiskIsSaidWithTheFilesName) {
  const UniqueFd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  ASSERT_TRUE(full.valid());
  const absl::Status status = WriteAll(full.get(), "x", "/dev/full");
  EXPECT_EQ(ReasonOf(status), reason::kDiskFull);
  EXPECT_NE(std::string(status.message()).find("write /dev/full"), std::string::npos) << status;
  EXPECT_EQ(ReasonOf(MachineFault(status)), reason::kDiskFull);
}

TEST_F(FileTest, FaultsOfTheMachineAreToldFromThoseOfTheName) {
  struct Row {
    int error;
    absl::StatusCode code;
  };
  const Row rows[] = {{ENOENT, absl::StatusCode::kNotFound},
                      {ENOTDIR, absl::StatusCode::kNotFound},
                      {EACCES, absl::StatusCode::kInvalidArgument},
                      {EISDIR, absl::StatusCode::kInvalidArgument},
                      {ENAMETOOLONG, absl::StatusCode::kInvalidArgument},
                      {EIO, absl::StatusCode::kUnavailable},
                      {EMFILE, absl::StatusCode::kUnavailable},
                      {ENOMEM, absl::StatusCode::kUnavailable},
                      {EINVAL, absl::StatusCode::kUnavailable},
                      {EROFS, absl::StatusCode::kUnavailable}};
  for (const Row& row : rows) {
    const absl::Status status = NamedFileStatus(row.error, "open /a/b");
    EXPECT_EQ(status.code(), row.code) << status;
    EXPECT_EQ(ReasonOf(status).has_value(), row.code == absl::StatusCode::kUnavailable);
    EXPECT_NE(std::string(status.message()).find("open /a/b"), std::string::npos);
  }
  EXPECT_TRUE(MachineFault(absl::OkStatus()).ok());
  EXPECT_TRUE(absl::IsCancelled(MachineFault(Stopped())));
}

TEST_F(FileTest, IdentityChangesWithContentSizeAndFile) {
  const auto path = folder_ / "a";
  ASSERT_TRUE(WriteFileDurably(path, "abc").ok());
  const FileIdentity first = *IdentityOf(path);
  EXPECT_EQ(*IdentityOf(path), first);
  EXPECT_EQ(first.size, 3);
  ASSERT_TRUE(ReplaceFile(path, "abd").ok());  // another inode
  EXPECT_NE(*IdentityOf(path), first);
  EXPECT_FALSE(IdentityOf(folder_ / "gone").ok());
}

}  // namespace
}  // namespace fp4
