#include "server/provision/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fp4::provision {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;

TEST(SlurmSettings, WorkerIsToldWhereTheControllerIsAndWhenToEnd) {
  const SlurmOptions options =
      MakeSlurmOptions({.worker_command = {"fp4-worker", "--slots", "2"}, .idle = absl::Minutes(2)},
                       "/data", {"127.0.0.1", 4404});
  EXPECT_THAT(options.worker_command,
              ElementsAre("fp4-worker", "--slots", "2", "--controller", "127.0.0.1:4404", "--http",
                          "127.0.0.1:0", "--exit-idle", "2m"));
  EXPECT_EQ(options.work_root, "/data/slurm");
}

TEST(SlurmSettings, ControllerOnAnotherMachineNeedsTheWordThatAllowsIt) {
  const Settings settings{.worker_command = {"w"}, .controller = "head:4404"};
  EXPECT_THAT(MakeSlurmOptions(settings, "/data", {"0.0.0.0", 4404}).worker_command,
              Contains("--insecure"));
  EXPECT_THAT(MakeSlurmOptions({.worker_command = {"w"}}, "/data", {"127.0.0.1", 1}).worker_command,
              Not(Contains("--insecure")));
}

TEST(SlurmSettings, ControllersOfOneClusterHaveJobNamesOfTheirOwn) {
  const HostPort address{"127.0.0.1", 1};
  const std::string first = MakeSlurmOptions({}, "/data/a", address).job_name;
  EXPECT_EQ(first, MakeSlurmOptions({}, "/data/./a", address).job_name);
  EXPECT_NE(first, MakeSlurmOptions({}, "/data/b", address).job_name);
}

}  // namespace
}  // namespace fp4::provision
