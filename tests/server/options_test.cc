#include "server/options.h"

#include <gmock/gmock.h>

namespace fp4::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

ParsedOptions Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "fp4-controller");
  return ParseOptions(static_cast<int>(arguments.size()), arguments.data());
}

TEST(Options, DefaultsListenOnLoopbackAndAllowEveryPath) {
  const auto options = Parse({"--data-dir", "/tmp/x"}).options;
  ASSERT_TRUE(options.has_value());
  EXPECT_EQ(options->data_dir, "/tmp/x");
  EXPECT_EQ(options->listen.ToString(), "127.0.0.1:4404");
  EXPECT_EQ(options->http.ToString(), "127.0.0.1:4405");
  EXPECT_EQ(options->lease_ttl, absl::Seconds(30));
  EXPECT_THAT(options->allowed_roots, ElementsAre("/"));
}

TEST(Options, AnOpenAddressNeedsInsecureAndAllowsNoPathByItself) {
  const auto options = Parse({"--data-dir", "d", "--listen", "0.0.0.0:1", "--insecure"}).options;
  ASSERT_TRUE(options.has_value());
  EXPECT_THAT(options->allowed_roots, IsEmpty());
}

TEST(Options, BeyondLoopbackItTakesTlsAndAsksWhoCallsOrInsecure) {
  const std::vector<const char*> open = {"--data-dir", "d", "--listen", "0.0.0.0:1"};
  const auto with = [&](std::initializer_list<const char*> more) {
    std::vector<const char*> all = open;
    all.insert(all.end(), more);
    return Parse(all);
  };
  EXPECT_EQ(with({}).exit_code, kExitUsage);
  EXPECT_EQ(with({"--tls-certificate", "c"}).exit_code, kExitUsage);
  const auto tls = with({"--tls-certificate", "c", "--tls-key", "k"}).options;
  ASSERT_TRUE(tls && tls->tls);
  EXPECT_TRUE(tls->ask_identity);
  EXPECT_EQ(tls->tls->key, "k");
  const auto insecure = with({"--insecure"}).options;
  ASSERT_TRUE(insecure && !insecure->tls);
  EXPECT_FALSE(insecure->ask_identity);
  const auto local = Parse({"--data-dir", "d", "--tls-certificate", "c", "--tls-key", "k"}).options;
  ASSERT_TRUE(local && local->tls);
  EXPECT_FALSE(local->ask_identity);
}

TEST(Options, AllowPathIsRepeatable) {
  const auto options =
      Parse({"--data-dir", "d", "--allow-path", "/a", "--allow-path", "/b"}).options;
  ASSERT_TRUE(options.has_value());
  EXPECT_THAT(options->allowed_roots, ElementsAre("/a", "/b"));
}

TEST(Options, SchedulingFollowsTheFlags) {
  const auto options = Parse({"--data-dir", "d", "--preempt-after", "never", "--reserve-after",
                              "10s", "--project-limit", "a=4", "--project-limit", "b=0"})
                           .options;
  ASSERT_TRUE(options.has_value());
  EXPECT_EQ(options->policy.min_runtime, absl::InfiniteDuration());
  EXPECT_EQ(options->policy.reserve_after, absl::Seconds(10));
  EXPECT_EQ(options->policy.project_slots, (std::map<std::string, int64_t>{{"a", 4}, {"b", 0}}));
  EXPECT_EQ(Parse({"--data-dir", "d"}).options->policy.min_runtime, absl::Minutes(1));
}

TEST(Options, WrongUsageSaysWhatIsWrong) {
  const std::pair<std::vector<const char*>, const char*> cases[] = {
      {{}, "--data-dir is required"},
      {{"--data-dir", "d", "--listen", "0.0.0.0:4404"},
       "--listen: other machines can reach 0.0.0.0:4404"},
      {{"--data-dir", "d", "--http", "10.1.2.3:80"},
       "--http: other machines can reach 10.1.2.3:80"},
      {{"--data-dir", "d", "--listen", "here"}, "--listen: 'here' is not HOST:PORT"},
      {{"--data-dir", "d", "--lease-ttl", "soon"}, "--lease-ttl: 'soon' is not a duration"},
      {{"--data-dir", "d", "--lease-ttl", "1s"}, "--lease-ttl: '1s' is not a duration from 2s"},
      {{"--data-dir", "d", "--preempt-after", "soon"}, "--preempt-after: 'soon' is not a duration"},
      {{"--data-dir", "d", "--project-limit", "four"}, "--project-limit: 'four' is not NAME=SLOTS"},
      {{"--data-dir", "d", "--project-limit", "a=x"}, "--project-limit: 'a=x' is not NAME=SLOTS"},
      {{"--data-dir", "d", "--project-limit", "a=1", "--project-limit", "a=2"},
       "--project-limit: 'a' is given twice"},
      {{"--data-dir", "d", "--port", "1"}, "--port"},
      {{"--data-dir", "d", "--provision", "cloud"}, "--provision"},
      {{"--data-dir", "d", "--slurm-max-workers", "2"}, "--provision"},
      {{"--data-dir", "d", "--provision", "slurm", "--slurm-max-workers", "0"},
       "--slurm-max-workers: is 0; allowed: 1 to 100000"},
      {{"--data-dir", "d", "--provision", "slurm", "--slurm-options", "--comment='a"},
       "--slurm-options: '--comment='a': a quote ' does not end"},
      {{"--data-dir", "d", "--provision", "slurm", "--slurm-controller", "here"},
       "--slurm-controller: 'here' is not HOST:PORT"},
      {{"--data-dir", "d", "--provision", "slurm", "--slurm-idle", "0s"},
       "--slurm-idle: '0s' is not a duration from 1s"}};
  for (const auto& [arguments, complaint] : cases) {
    testing::internal::CaptureStderr();
    const ParsedOptions parsed = Parse(arguments);
    EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr(complaint));
    EXPECT_FALSE(parsed.options.has_value());
    EXPECT_EQ(parsed.exit_code, 2);
  }
}

TEST(Options, SlurmsOptionsAreWords) {
  const auto options =
      Parse({"--data-dir", "d", "--provision", "slurm", "--slurm-max-workers", "8",
             "--slurm-options", "--partition=gpu --comment='for fp4lab'", "--slurm-worker",
             "/opt/fp4-worker --slots 2", "--slurm-slots", "2", "--slurm-idle", "90s"})
          .options;
  ASSERT_TRUE(options.has_value() && options->slurm.has_value());
  const provision::Settings& slurm = *options->slurm;
  EXPECT_THAT(slurm.sbatch_options, ElementsAre("--partition=gpu", "--comment=for fp4lab"));
  EXPECT_THAT(slurm.worker_command, ElementsAre("/opt/fp4-worker", "--slots", "2"));
  EXPECT_EQ(slurm.limits.max_workers, 8);
  EXPECT_EQ(slurm.limits.slots_per_worker, 2);
  EXPECT_EQ(slurm.idle, absl::Seconds(90));
}

TEST(Options, WithoutAnEngineNoWorkerIsStarted) {
  EXPECT_FALSE(Parse({"--data-dir", "d"}).options->slurm.has_value());
}

TEST(Options, HelpExplainsTheExitStatus) {
  testing::internal::CaptureStdout();
  const ParsedOptions parsed = Parse({"--help"});
  EXPECT_THAT(testing::internal::GetCapturedStdout(), HasSubstr("Exit status:"));
  EXPECT_EQ(parsed.exit_code, 0);
  EXPECT_FALSE(parsed.options.has_value());
}

}  // namespace
}  // namespace fp4::server
