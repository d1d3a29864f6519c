#include "worker/host/worker_id.h"

#include <gmock/gmock.h>

#include "base/file.h"
#include "tests/worker/temporary_folder.h"

namespace fp4::worker {
namespace {

TEST(WorkerIdOf, IsMadeOnceAndStaysWithTheDirectory) {
  TemporaryFolder folder;
  const std::filesystem::path dir = folder.path() / "work", moved = folder.path() / "moved";
  std::filesystem::create_directory(dir);
  const absl::StatusOr<std::string> id = WorkerIdOf(dir);
  ASSERT_TRUE(id.ok()) << id.status();
  EXPECT_EQ(id->size(), 32u);
  EXPECT_EQ(*WorkerIdOf(dir), *id);
  std::filesystem::rename(dir, moved);
  EXPECT_EQ(*WorkerIdOf(moved), *id);
  std::filesystem::create_directory(dir);
  EXPECT_NE(*WorkerIdOf(dir), *id);
}

TEST(WorkerIdOf, AFileWithSomethingElseIsNamed) {
  for (const char* text : {"", "abc\n", "0123456789abcdef0123456789abcdeF\n"}) {
    TemporaryFolder folder;
    ASSERT_TRUE(ReplaceFile(folder.path() / "worker-id", text).ok());
    const absl::Status status = WorkerIdOf(folder.path()).status();
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_THAT(std::string(status.message()), testing::HasSubstr("/worker-id holds no"));
    EXPECT_EQ(*ReadFile(folder.path() / "worker-id"), text);  // left as it was
  }
}

TEST(PlaceOf, IsOneForEveryNameOfADirectoryAndAnotherForACopy) {
  TemporaryFolder folder;
  const std::filesystem::path dir = folder.path() / "a", copy = folder.path() / "b";
  std::filesystem::create_directory(dir);
  std::filesystem::create_directory(copy);
  std::filesystem::create_directory_symlink(dir, folder.path() / "link");
  EXPECT_NE(PlaceOf(dir), "");
  EXPECT_EQ(PlaceOf(folder.path() / "link"), PlaceOf(dir));
  EXPECT_EQ(PlaceOf(folder.path() / "b" / ".." / "a" / ""), PlaceOf(dir));
  EXPECT_NE(PlaceOf(copy), PlaceOf(dir));
  EXPECT_EQ(PlaceOf(folder.path() / "no such"), "");
}

}  // namespace
}  // namespace fp4::worker
