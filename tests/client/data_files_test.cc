#include "client/data_files.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "tests/client/support/command.h"

namespace fp4::client {
namespace {

class DataFilesTest : public ::testing::Test {
 protected:
  std::vector<MissingFile> Find(const std::string& paths) {
    const DocumentInput document{
        .name = "a.json",
        .text = R"({"schema_version": 1, "name": "x", "model": {"preset": "micro"},
 "data": {"source": "text", "paths": )" +
                paths + R"(},
 "training": {"steps": 4}, "seeds": [1], "variants": {"a": {}}})",
        .folder = folder_.path()};
    const spec::ReadResult result =
        spec::ReadExperiment(document.text, {}, {.base_folder = document.folder});
    for (const spec::Problem& problem : result.problems) {
      ADD_FAILURE() << problem.ToString("a.json");
    }
    return FindMissingFiles(result.experiment, document);
  }

  TemporaryFolder folder_;
};

TEST_F(DataFilesTest, FilesAndPatternsThatExistAreFound) {
  ASSERT_TRUE(ReplaceFile(folder_.path() / "a.txt", "x").ok());
  ASSERT_TRUE(ReplaceFile(folder_.path() / "[b].txt", "x").ok());
  EXPECT_TRUE(Find(R"(["a.txt", "*.txt", "[b].txt", "?.txt"])").empty());
}

TEST_F(DataFilesTest, WhatIsMissingHasItsPlace) {
  const auto missing = Find(R"(["nothing.txt", "none/*.txt"])");
  ASSERT_EQ(missing.size(), 2u);
  EXPECT_EQ(Describe(missing[0], "a.json", "error", "does not exist"),
            "a.json:2:54: error: data.paths: '" + (folder_.path() / "none/*.txt").string() +
                "' does not exist");
  EXPECT_EQ(missing[1].column, 39);
}

}  // namespace
}  // namespace fp4::client
