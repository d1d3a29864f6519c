// The documents that users begin with.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "spec/document.h"

namespace fp4::spec {
namespace {

TEST(Examples, AreDocumentsWithoutFault) {
  size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(FP4_SOURCE_DIR "/examples")) {
    if (entry.path().extension() != ".json") continue;
    ++count;
    const ReadResult result =
        ReadExperiment(*ReadFile(entry.path()), {}, {.base_folder = entry.path().parent_path()});
    for (const Problem& problem : result.problems)
      ADD_FAILURE() << problem.ToString(entry.path().filename().string());
  }
  EXPECT_GE(count, 5u);
}

}  // namespace
}  // namespace fp4::spec
