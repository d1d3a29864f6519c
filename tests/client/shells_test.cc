// Apart, because it is skipped where neither shell is installed.
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/file.h"
#include "tests/client/support/command.h"

namespace fp4::client {
namespace {

TEST(ShellsTest, ZshAndFishAcceptTheirScripts) {
  int checked = 0;
  for (const std::string shell : {"zsh", "fish"}) {
    const std::string program = "/usr/bin/" + shell;
    if (!std::filesystem::exists(program)) continue;
    TemporaryFolder folder;
    const std::string file = folder.path() / "script";
    Command completion({ProgramUnderTest("FP4CTL"), "completion", shell});
    ASSERT_EQ(completion.Wait(), 0) << completion.err();
    ASSERT_TRUE(ReplaceFile(file, completion.out()).ok());
    Command syntax({program, "-n", file});
    EXPECT_EQ(syntax.Wait(), 0) << syntax.err();
    ++checked;
  }
  if (checked == 0) GTEST_SKIP() << "neither zsh nor fish is installed";
}

}  // namespace
}  // namespace fp4::client
