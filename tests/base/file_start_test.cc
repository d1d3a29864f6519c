#include "base/file_start.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "base/file.h"

namespace fp4 {
namespace {

TEST(FileStartTest, AnEndlessFileIsReadUpToTheLimitOnly) {
  const auto content = ReadFileStart("/dev/zero", 70'000);
  ASSERT_TRUE(content.ok()) << content.status();
  EXPECT_EQ(*content, std::string(70'000, '\0'));
}

TEST(FileStartTest, AShorterFileIsReadWhole) {
  const std::filesystem::path file =
      std::filesystem::path(testing::TempDir()) / ("start." + std::to_string(getpid()));
  ASSERT_TRUE(ReplaceFile(file, "abc").ok());
  EXPECT_EQ(*ReadFileStart(file, 4), "abc");
  EXPECT_EQ(*ReadFileStart(file, 3), "abc");
  EXPECT_EQ(*ReadFileStart(file, 2), "ab");
  std::filesystem::remove(file);
}

TEST(FileStartTest, APipeIsReadUntilItsWriterCloses) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  std::thread writer([&] {
    for (const char* part : {"ab", "cd"}) EXPECT_TRUE(WriteAll(ends[1], part, "pipe").ok());
    close(ends[1]);
  });
  EXPECT_EQ(*ReadStart(ends[0], "pipe", 100), "abcd");
  writer.join();
  close(ends[0]);
}

TEST(FileStartTest, ErrorsNameTheFile) {
  const auto missing = ReadFileStart("/no/such/file", 10);
  EXPECT_TRUE(absl::IsNotFound(missing.status()));
  EXPECT_NE(missing.status().message().find("/no/such/file"), std::string::npos);
  const auto folder = ReadFileStart("/", 10);
  EXPECT_NE(folder.status().message().find("Is a directory"), std::string::npos) << folder.status();
}

}  // namespace
}  // namespace fp4
