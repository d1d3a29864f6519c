// What every command does when its output does not arrive.
#include <gtest/gtest.h>

#include "tests/client/support/command_fixture.h"

namespace fp4::client {
namespace {

class OutputTest : public CommandFixture {
 protected:
  OutputTest() {
    document_ = Write("a.json", kDocument);
    v1::Series series;
    series.set_name("train/loss");
    series.add_points()->set_value(2.5);
    service_.SetSeries(series);
    v1::CompareResponse comparison;
    comparison.set_experiment_id("k7x2m9qd");
    service_.SetComparison(comparison);
    service_.Add(StateTo("run0000a", v1::RUN_STATE_RUNNING));
  }

  // One command line for each way to print something.
  std::vector<std::string> Lines() const {
    return {"--help",
            "--version",
            "ls --help",
            "version",
            "schema",
            "explain",
            "completion bash",
            "validate " + document_,
            "validate -o json " + document_,
            "submit " + document_,
            "submit --dry-run " + document_,
            "ls",
            "ls -o json",
            "ls --runs",
            "status",
            "status -o json",
            "describe k7x2",
            "describe run0000a -o json",
            "metrics run0000a --name train/loss",
            "metrics k7x2",
            "compare k7x2",
            "compare k7x2 -o json",
            "logs run0000a",
            "logs run0000a -o json",
            "compare k7x2 --pareto --at time",
            "diff " + document_ + ":fp4 " + document_ + ":baseline",
            "diff " + document_ + " " + document_ + " -o json",
            "queue -o json",
            "plot run0000a --name train/loss",
            "export run0000a --to csv --dir " + folder_.path().string(),
            "export run0000a --to jsonl -o json --dir " + folder_.path().string(),
            "events run0000a",
            "workers ls",
            "workers ls -o json",
            "clone k7x2",
            "clone k7x2 --print",
            "watch run0000a",
            "watch run0000a -o json",
            "retry k7x2 -o json",
            "down -o json",
            "cancel k7x2"};
  }

  std::string document_;
};

TEST_F(OutputTest, AFullDiskIsSaidAndFails) {
  for (const std::string& line : Lines()) {
    Command command = Shell("$FP4CTL " + line + " > /dev/full");
    EXPECT_EQ(command.Wait(), 1) << line << "\n" << command.err();
    EXPECT_NE(command.err().find("fp4ctl: write error: No space left on device"), std::string::npos)
        << line << "\n"
        << command.err();
  }
}

TEST_F(OutputTest, AClosedOutputIsSaidAndFails) {
  for (const std::string& line : Lines()) {
    Command command = Shell("$FP4CTL " + line + " >&-");
    EXPECT_EQ(command.Wait(), 1) << line << "\n" << command.err();
    EXPECT_NE(command.err().find("write error"), std::string::npos) << line;
  }
}

TEST_F(OutputTest, AReaderThatHasSeenEnoughIsNoError) {
  Command command = Shell("$FP4CTL schema | head -c 10");
  EXPECT_EQ(command.Wait(), 0);
  EXPECT_EQ(command.err(), "");
}

}  // namespace
}  // namespace fp4::client
