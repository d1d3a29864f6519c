// fp4-train as a process: its command line, exit codes, signals and lease.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/clock.h"
#include "base/file.h"
#include "spec/events.h"

namespace fp4 {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

constexpr char kDocument[] = R"({
  "schema_version": 1, "name": "tiny", "seeds": [1, 2], "resources": {"gpus": 0, "cpu_threads": 1},
  "model": {"preset": "micro", "d_model": 32, "num_layers": 1, "num_heads": 2, "d_ff": 32, "sequence_length": 16},
  "data": {"source": "synthetic"}, "lr_schedule": {"warmup_steps": 0},
  "training": {"steps": 2, "micro_batch_size": 2, "eval_batches": 1},
  "variants": {"baseline": {}, "fp4": {"precision": {"default": "fp4"}}}
})";

class Fp4TrainTest : public testing::Test {
 protected:
  Fp4TrainTest() {
    std::string pattern = testing::TempDir() + "fp4-train-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    std::ofstream(folder_ / "run.json") << kDocument;
  }
  ~Fp4TrainTest() override { fs::remove_all(folder_); }

  // The program as a child, its output in folder_/output.
  pid_t Start(std::vector<std::string> arguments, bool terminated = false) {
    arguments.insert(arguments.begin(), "fp4-train");
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    std::string output = folder_ / "output";
    pid_t child = fork();
    if (child == 0) {
      signal(SIGHUP, SIG_DFL);  // whoever runs the tests may ignore it
      if (freopen(output.c_str(), "w", stdout) == nullptr || dup2(STDOUT_FILENO, STDERR_FILENO) < 0)
        _exit(99);
      sigset_t signals;
      sigemptyset(&signals);
      sigaddset(&signals, SIGTERM);
      if (terminated && (sigprocmask(SIG_BLOCK, &signals, nullptr) != 0 || raise(SIGTERM) != 0))
        _exit(99);
      execv(FP4_TRAIN, argv.data());
      _exit(98);
    }
    return child;
  }
  // 128 and the signal's number where one ended it.
  static int ExitStatus(pid_t child) {
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  // The exit status; with `terminated` a SIGTERM is pending before the program begins.
  int Run(std::vector<std::string> arguments, bool terminated = false) {
    return ExitStatus(Start(std::move(arguments), terminated));
  }
  int Train(const std::vector<std::string>& more, bool terminated = false) {
    std::vector<std::string> arguments = {document(), "--run-dir", run_dir(), "--device", "cpu"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Run(arguments, terminated);
  }

  std::string Output() const { return *ReadFile(folder_ / "output"); }
  std::string document() const { return folder_ / "run.json"; }
  std::string run_dir() const { return folder_ / "run"; }
  std::string LastLine() const {
    std::ifstream file(fs::path(run_dir()) / "events.jsonl");
    std::string last;
    for (std::string line; std::getline(file, line);) last = line;
    return last;
  }

  fs::path folder_;
};

TEST_F(Fp4TrainTest, TrainsOneRunOfADocumentWithMany) {
  ASSERT_EQ(Train({"--variant", "fp4", "--seed", "2"}), 0) << Output();
  EXPECT_THAT(LastLine(), HasSubstr(R"("status":"completed")"));
}

TEST_F(Fp4TrainTest, AsksWhichVariantAndSeed) {
  EXPECT_EQ(Train({}), 2);
  EXPECT_THAT(Output(), HasSubstr("say which with --variant: baseline, fp4"));
  EXPECT_THAT(Output(), HasSubstr("say which with --seed: 1, 2"));
  EXPECT_EQ(Train({"--variant", "fp5", "--seed", "2"}), 2);
  EXPECT_THAT(Output(), HasSubstr("--variant is 'fp5'"));
}

TEST_F(Fp4TrainTest, SigtermStopsItWithItsOwnExitCodeAndTheNextStartGoesOn) {
  EXPECT_EQ(Train({"--variant", "fp4", "--seed", "1"}, /*terminated=*/true), 3) << Output();
  EXPECT_THAT(LastLine(), HasSubstr(R"("status":"stopped")"));
  EXPECT_EQ(Train({"--variant", "fp4", "--seed", "1"}), 0) << Output();
  EXPECT_THAT(LastLine(), HasSubstr(R"("attempt":2,"type":"finished","status":"completed")"));
}

// What /proc tells of a process.
bool BlocksTerm(pid_t child) {
  std::ifstream status("/proc/" + std::to_string(child) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("SigBlk:"))
      return ((std::stoull(line.substr(7), nullptr, 16) >> (SIGTERM - 1)) & 1) != 0;
  }
  return false;
}
bool Executes(pid_t child, const std::string& program) {
  std::error_code error;
  return fs::read_symlink("/proc/" + std::to_string(child) + "/exe", error).filename() == program;
}

TEST_F(Fp4TrainTest, SignalWhileTheLibrariesAreLoadedStopsTheRunInOrder) {
  const std::vector<std::string> arguments = {
      document(), "--run-dir", run_dir(), "--device", "cpu", "--variant", "fp4", "--seed", "1"};
  const std::function<bool(pid_t)> moments[] = {
      BlocksTerm,                                                     // it has barely begun
      [](pid_t child) { return Executes(child, "fp4-train-torch"); }  // LibTorch is being loaded
  };
  for (const auto& moment : moments) {
    for (int signal : {SIGTERM, SIGHUP, SIGINT}) {
      const pid_t child = Start(arguments);
      while (!moment(child)) std::this_thread::yield();
      kill(child, signal);
      EXPECT_EQ(ExitStatus(child), 3) << signal << Output();
      EXPECT_THAT(LastLine(), HasSubstr(R"("status":"stopped")"));
    }
  }
}

TEST_F(Fp4TrainTest, TellsWarningsToAPersonAndNotToAWorker) {
  std::string text = kDocument;
  text.replace(text.find(R"("gpus": 0)"), 9, R"("gpus": 1)");
  std::ofstream(folder_ / "run.json") << text;
  ASSERT_EQ(Train({"--variant", "fp4", "--seed", "1"}), 0) << Output();
  EXPECT_EQ(Output(), "fp4-train: warning: the document asks for a GPU; training on the CPU\n");

  fs::remove_all(run_dir());
  std::ofstream(folder_ / "lease.json")
      << R"({"boot_id":")" << BootId() << R"(","deadline_ns":9000000000000000000})";
  ASSERT_EQ(Train({"--variant", "fp4", "--seed", "1", "--lease-file", folder_ / "lease.json"}), 0);
  EXPECT_EQ(Output(), "");
}

TEST_F(Fp4TrainTest, AloneItObeysMaxRuntime) {
  std::string text = kDocument;
  text.replace(text.find(R"("steps": 2,)"), 11, R"("steps": 1000000,)");
  text.replace(text.find(R"("gpus": 0,)"), 10, R"("gpus": 0, "max_runtime": "1s",)");
  std::ofstream(folder_ / "run.json") << text;
  EXPECT_EQ(Train({"--variant", "fp4", "--seed", "1"}), 1);
  EXPECT_THAT(Output(), HasSubstr("resources.max_runtime has passed"));
  EXPECT_THAT(LastLine(),
              HasSubstr(R"("status":"failed","reason":"resources.max_runtime has passed")"));
  EXPECT_FALSE(fs::is_empty(fs::path(run_dir()) / "checkpoints"));
}

TEST_F(Fp4TrainTest, AloneItSaysWhatOnlyAControllerObeys) {
  std::string text = kDocument;
  text.replace(text.find(R"("gpus": 0,)"), 10, R"("gpus": 0, "priority": 7,)");
  std::ofstream(folder_ / "run.json") << text;
  ASSERT_EQ(Train({"--variant", "fp4", "--seed", "1"}), 0) << Output();
  EXPECT_THAT(Output(), HasSubstr("resources.priority is for a controller; nothing obeys it here"));
}

TEST_F(Fp4TrainTest, AnotherDescriptionIsTheSameRun) {
  EXPECT_EQ(Train({"--variant", "fp4", "--seed", "1"}, /*terminated=*/true), 3) << Output();
  std::string text = kDocument;
  text.replace(text.find(R"("name": "tiny")"), 14,
               R"("name": "renamed", "description": "a note", "labels": ["x"])");
  std::ofstream(folder_ / "run.json") << text;
  EXPECT_EQ(Train({"--variant", "fp4", "--seed", "1"}), 0) << Output();
  EXPECT_THAT(LastLine(), HasSubstr(R"("attempt":2,"type":"finished","status":"completed")"));
  text.replace(text.find(R"("steps": 2,)"), 11, R"("steps": 3,)");
  std::ofstream(folder_ / "run.json") << text;
  EXPECT_EQ(Train({"--variant", "fp4", "--seed", "1"}), 2);
  EXPECT_THAT(Output(), HasSubstr("belongs to another document"));
}

TEST_F(Fp4TrainTest, ExpiredLeaseEndsItBeforeItWritesAnything) {
  std::ofstream(folder_ / "lease.json") << R"({"boot_id":")" << BootId() << R"(","deadline_ns":1})";
  EXPECT_EQ(Train({"--variant", "fp4", "--seed", "1", "--lease-file", folder_ / "lease.json"}), 1);
  EXPECT_THAT(Output(), HasSubstr("the lease has ended"));
  EXPECT_FALSE(fs::exists(run_dir()));
}

TEST_F(Fp4TrainTest, CheckpointThatVanishesUnderAWorkerIsNoFaultOfTheDocument) {
  const std::string absent = folder_ / "absent";
  EXPECT_EQ(Train({"--variant", "fp4", "--seed", "1", "--resume-from", absent}), 2);
  EXPECT_THAT(Output(), HasSubstr("absent"));
  std::ofstream(folder_ / "lease.json")
      << R"({"boot_id":")" << BootId() << R"(","deadline_ns":9000000000000000000})";
  EXPECT_EQ(Train({"--variant", "fp4", "--seed", "1", "--resume-from", absent, "--lease-file",
                   folder_ / "lease.json"}),
            1);
  EXPECT_THAT(Output(), testing::StartsWith("fp4-train: machine_fault: "));
  EXPECT_THAT(Output(), HasSubstr("absent"));
  EXPECT_FALSE(fs::exists(run_dir()));
}

TEST_F(Fp4TrainTest, BadDocumentIsNamedWithItsPlace) {
  std::ofstream(folder_ / "run.json")
      << "{\"schema_version\": 1, \"name\": \"x\",\n \"modle\": {}}";
  EXPECT_EQ(Train({}), 2);
  EXPECT_THAT(Output(), HasSubstr("run.json:2:2: error: modle"));
}

TEST_F(Fp4TrainTest, BadUsageIsNotAFailedRun) {
  EXPECT_EQ(Run({"--no-such-flag"}), 2);
  EXPECT_EQ(Run({document()}), 2);
  EXPECT_EQ(Run({"--help"}), 0);
  EXPECT_THAT(Output(), HasSubstr("Exit codes:"));
}

TEST_F(Fp4TrainTest, ProbeTellsWhatTheMachineComputesBestWith) {
  ASSERT_EQ(Run({"--probe"}), 0);
  nlohmann::json probe = nlohmann::json::parse(Output());
  EXPECT_GT(probe["fp32_gflops"].get<double>(), 0.0);
  EXPECT_GE(probe["cpu_threads"].get<int>(), 1);
  EXPECT_THAT(probe["cpu_compute_dtype"].get<std::string>(), testing::AnyOf("fp32", "bf16"));
}

}  // namespace
}  // namespace fp4
