#include "trainer/data/file_patterns.h"

#include "tests/trainer_data/scratch_folder.h"

namespace fp4::trainer {
namespace {

class FilePatternsTest : public ScratchFolderTest {
 protected:
  std::string At(const std::string& name) { return (folder_ / name).string(); }
  absl::StatusOr<std::vector<std::string>> Expand(std::vector<std::string> patterns) {
    return ExpandPatterns(patterns, "data.paths");
  }
};

TEST_F(FilePatternsTest, OnePatternExpandsInByteOrder) {
  for (const char* name : {"b.txt", "B.txt", "a10.txt", "a9.txt", "\xC3\xA9.txt", "x.md"})
    Write(name, "");
  EXPECT_EQ(*Expand({At("*.txt")}),
            (std::vector<std::string>{At("B.txt"), At("a10.txt"), At("a9.txt"), At("b.txt"),
                                      At("\xC3\xA9.txt")}));
}

TEST_F(FilePatternsTest, PatternsKeepTheirOrderAndAFileComesOnce) {
  for (const char* name : {"a", "b", "c"}) Write(name, "");
  EXPECT_EQ(*Expand({At("c"), At("*")}), (std::vector<std::string>{At("c"), At("a"), At("b")}));
}

TEST_F(FilePatternsTest, AFileReachedThroughALinkIsTheSameFile) {
  Write("5.36.0/a", "");
  std::filesystem::create_directory_symlink("5.36.0", folder_ / "5.36");
  EXPECT_EQ(*Expand({At("5.36*/a")}), std::vector<std::string>{At("5.36.0/a")});
}

TEST_F(FilePatternsTest, AFileNamedLikeAPatternIsThatFile) {
  Write("a[1].txt", "");
  Write("a1.txt", "");
  EXPECT_EQ(*Expand({At("a[1].txt")}), std::vector<std::string>{At("a[1].txt")});
}

TEST_F(FilePatternsTest, FoldersAreLeftOut) {
  Write("sub/file", "");
  Write("file", "");
  EXPECT_EQ(*Expand({At("*")}), std::vector<std::string>{At("file")});
}

TEST_F(FilePatternsTest, NoMatchNamesFieldAndPattern) {
  Write("a", "");
  EXPECT_THAT(Expand({At("a"), At("*.bin")}),
              FailsWith(kNotFound, "data.paths: '" + At("*.bin") + "' matches no file"));
  EXPECT_THAT(Expand({At("missing")}), FailsWith(kNotFound, "missing' matches no file"));
}

TEST_F(FilePatternsTest, RefusesTwoStarsAndNothingAtAll) {
  EXPECT_THAT(Expand({At("**/a")}), FailsWith(kInvalidArgument, "** is not supported"));
  EXPECT_THAT(Expand({}), FailsWith(kInvalidArgument, "data.paths: names no file"));
}

}  // namespace
}  // namespace fp4::trainer
