#include "server/provision/slurm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/file.h"

namespace fp4::provision {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;

TEST(SlurmQueue, LinesAreJobsWithTheirAges) {
  const auto jobs = ParseQueue(
      "7|PENDING|0:00\n8|RUNNING|1:05\n9|RUNNING|2-03:04:05\n10|CONFIGURING|0:00\n"
      "11|COMPLETING|9:00\n12|SUSPENDED|1:00:00\n");
  ASSERT_TRUE(jobs.ok()) << jobs.status();
  EXPECT_THAT(*jobs, ElementsAre(Field(&PilotJob::id, "7"), Field(&PilotJob::id, "8"),
                                 Field(&PilotJob::id, "9"), Field(&PilotJob::id, "10"),
                                 Field(&PilotJob::id, "12")));
  EXPECT_FALSE(jobs->at(0).running);
  EXPECT_EQ(jobs->at(1).age, absl::Seconds(65));
  EXPECT_EQ(jobs->at(2).age, absl::Hours(51) + absl::Seconds(245));
  EXPECT_FALSE(jobs->at(3).running);
  EXPECT_TRUE(jobs->at(4).running);
}

TEST(SlurmQueue, OtherTextIsAnErrorThatShowsIt) {
  EXPECT_THAT(ParseQueue("slurm_load_jobs error").status().message(),
              HasSubstr("'slurm_load_jobs error'"));
  EXPECT_THAT(ParseQueue("7|RUNNING|soon").status().message(), HasSubstr("'soon'"));
}

TEST(SlurmScript, QuotesEveryWordOfTheWorker) {
  const std::string script = BatchScript(
      {.worker_command = {"/opt/it's here/fp4-worker", "--slots", "2"}, .work_root = "/data/a b"});
  EXPECT_THAT(script, HasSubstr("exec '/opt/it'\\''s here/fp4-worker' '--slots' '2' "
                                "--work-dir '/data/a b'/slurm-$SLURM_JOB_ID\n"));
}

// Programs of the test's own in the place of Slurm's: they write down how they were called.
class SlurmProgramsTest : public testing::Test {
 protected:
  SlurmProgramsTest() {
    std::string pattern = testing::TempDir() + "slurm-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    path_before_ = std::getenv("PATH");
    setenv("PATH", (folder_.string() + ":" + path_before_).c_str(), 1);
  }
  ~SlurmProgramsTest() override {
    setenv("PATH", path_before_.c_str(), 1);
    std::filesystem::remove_all(folder_);
  }
  void Program(const std::string& name, const std::string& body) {
    std::ofstream(folder_ / name) << "#!/bin/sh\nprintf '%s\\n' \"$@\" >" << (folder_ / "called")
                                  << "\n"
                                  << body << "\n";
    std::filesystem::permissions(folder_ / name, std::filesystem::perms::owner_all);
  }
  std::string Called() const { return *ReadFile(folder_ / "called"); }

  std::filesystem::path folder_;
  std::string path_before_;
  Slurm slurm_{{.job_name = "fp4-worker-1",
                .sbatch_options = {"--partition=gpu", "--comment=a b"},
                .worker_command = {"w"},
                .work_root = "/w",
                .log_folder = "/l"}};
};

TEST_F(SlurmProgramsTest, SubmitsTheScriptAndTakesTheJobsId) {
  Program("sbatch", "cat >" + (folder_ / "script").string() + "; echo '42;cluster'");
  EXPECT_EQ(slurm_.Submit().value(), "42");
  EXPECT_THAT(Called(), HasSubstr("\n--partition=gpu\n--comment=a b\n--job-name=fp4-worker-1\n"));
  EXPECT_THAT(*ReadFile(folder_ / "script"), HasSubstr("exec 'w' --work-dir '/w'/slurm-"));
}

TEST_F(SlurmProgramsTest, ErrorsSayWhatTheProgramSaid) {
  Program("sbatch", "echo 'sbatch: error: invalid partition specified: gpu' >&2; exit 1");
  const absl::Status status = slurm_.Submit().status();
  EXPECT_THAT(status.message(), HasSubstr("sbatch ended with status 1"));
  EXPECT_THAT(status.message(), HasSubstr("invalid partition specified: gpu"));
}

TEST_F(SlurmProgramsTest, ListsAndCancelsItsOwnJobs) {
  Program("squeue", "echo '7|RUNNING|0:01'");
  EXPECT_EQ(slurm_.List()->at(0).id, "7");
  EXPECT_THAT(Called(), HasSubstr("--name=fp4-worker-1\n"));
  Program("scancel", "");
  EXPECT_TRUE(slurm_.Cancel({"7", "8"}).ok());
  EXPECT_EQ(Called(), "7\n8\n");
}

}  // namespace
}  // namespace fp4::provision
