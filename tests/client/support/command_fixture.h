#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "base/file.h"
#include "tests/client/support/command.h"
#include "tests/client/support/documents.h"
#include "tests/client/support/fake_service.h"

namespace fp4::client {

// Two variants of one seed, 40 steps, no data files.
inline constexpr char kDocument[] = R"({
  "schema_version": 1, "name": "demo",
  "model": {"preset": "micro"}, "data": {"source": "synthetic"},
  "training": {"steps": 40}, "seeds": [1],
  "variants": {"baseline": {}, "fp4": {"precision": {"default": "fp4"}}}
})";

// fp4ctl as a process, against a fake controller that has the experiment "k7x2m9qd" with the runs
// "run0000a" and "run0000b".
class CommandFixture : public ::testing::Test {
 protected:
  CommandFixture() { service_.SetExperiment(MakeExperiment({"baseline", "fp4"})); }

  Command Run(std::vector<std::string> arguments, const std::string& input = "") {
    return RunWith({"FP4_CONTROLLER=" + service_.address()}, std::move(arguments), input);
  }
  Command RunWith(std::vector<std::string> variables, std::vector<std::string> arguments,
                  const std::string& input = "") {
    arguments.insert(arguments.begin(), ProgramUnderTest("FP4CTL"));
    variables.push_back("FP4_STATE_DIR=" + folder_.path().string());
    return Command(arguments, variables, input);
  }
  // A line of the shell, in which $FP4CTL is the program.
  Command Shell(const std::string& line) {
    return Command({"/bin/sh", "-c", line},
                   {"FP4CTL=" + ProgramUnderTest("FP4CTL"), "FP4_CONTROLLER=" + service_.address(),
                    "FP4_STATE_DIR=" + folder_.path().string()});
  }
  std::string Write(const std::string& name, const std::string& text) {
    EXPECT_TRUE(ReplaceFile(folder_.path() / name, text).ok());
    return folder_.path() / name;
  }

  TemporaryFolder folder_;
  FakeService service_;
};

}  // namespace fp4::client
