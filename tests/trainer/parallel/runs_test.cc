// Runs of two processes on a CPU, as fp4-train makes them: what they compute, how they stop, and
// how they end when one of them is gone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/file.h"
#include "safetensors/safetensors.h"
#include "spec/events.h"

namespace fp4 {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

json Document(const json& patch) {
  json document = json::parse(R"({
    "name": "together", "seeds": [1],
    "resources": {"gpus": 0, "processes": 2, "cpu_threads": 2},
    "model": {"preset": "micro", "d_model": 32, "num_layers": 2, "num_heads": 2, "d_ff": 64,
              "sequence_length": 16},
    "data": {"source": "synthetic"}, "lr_schedule": {"name": "constant", "warmup_steps": 0},
    "training": {"steps": 4, "micro_batch_size": 2, "eval_batches": 2, "compute_dtype": "fp32",
                 "log_interval": 1}})");
  document.merge_patch(patch);
  return document;
}

class ParallelRunsTest : public testing::Test {
 protected:
  ParallelRunsTest() {
    std::string pattern = testing::TempDir() + "parallel-XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  ~ParallelRunsTest() override { fs::remove_all(folder_); }

  // The program in a group of its own, as a worker starts it; its output in folder_/output.
  pid_t Start(const std::string& name, const json& document) const {
    std::ofstream(folder_ / (name + ".json")) << document;
    const std::string file = folder_ / (name + ".json"), run_dir = folder_ / name,
                      output = folder_ / "output";
    const pid_t child = fork();
    if (child != 0) return child;
    setpgid(0, 0);
    if (freopen(output.c_str(), "w", stdout) == nullptr || dup2(STDOUT_FILENO, STDERR_FILENO) < 0)
      _exit(99);
    execl(FP4_TRAIN, "fp4-train", file.c_str(), "--run-dir", run_dir.c_str(), "--device", "cpu",
          nullptr);
    _exit(98);
  }
  static int ExitStatus(pid_t child) {
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  int Train(const std::string& name, const json& document) const {
    return ExitStatus(Start(name, document));
  }

  std::string Output() const { return *ReadFile(folder_ / "output"); }

  std::vector<spec::Event> Events(const std::string& name) const {
    std::vector<spec::Event> events;
    std::ifstream file(folder_ / name / "events.jsonl");
    for (std::string line; std::getline(file, line);) {
      if (file.eof()) break;  // still being written
      events.push_back(*spec::ParseEvent(line));
    }
    return events;
  }
  template <typename Kind>
  std::vector<Kind> EventsOf(const std::string& name) const {
    std::vector<Kind> found;
    for (const spec::Event& event : Events(name)) {
      if (const Kind* kind = std::get_if<Kind>(&event.kind)) found.push_back(*kind);
    }
    return found;
  }
  std::map<int64_t, double> Curve(const std::string& name, const std::string& metric) const {
    std::map<int64_t, double> curve;
    for (const auto& event : EventsOf<spec::MetricsEvent>(name)) {
      for (const auto& [key, value] : event.values) {
        if (key == metric) curve[event.step] = value;
      }
    }
    return curve;
  }
  // By step: the sha256 of each checkpoint.
  std::map<int64_t, std::string> States(const std::string& name) const {
    std::map<int64_t, std::string> states;
    for (const auto& event : EventsOf<spec::CheckpointEvent>(name))
      states[event.step] = event.sha256;
    return states;
  }
  // Until the log has the training loss of `step`. False: the run has ended before.
  bool WaitForStep(const std::string& name, int64_t step, pid_t child) const {
    while (!Curve(name, "train/loss").contains(step)) {
      siginfo_t info{};
      if (waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
          info.si_pid == child)
        return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
  }
  // The other process of a run, a child of the first.
  static pid_t OtherProcess(pid_t first) {
    const std::string pid = std::to_string(first);
    std::ifstream children("/proc/" + pid + "/task/" + pid + "/children");
    pid_t other = 0;
    children >> other;
    return other;
  }
  // Of the last checkpoints of two runs: the largest difference of a master, as a share of the
  // largest magnitude of its tensor.
  double LargestDifference(const std::string& a, const std::string& b) const {
    const auto file = [this](const std::string& name) {
      return *safetensors::File::Open(EventsOf<spec::CheckpointEvent>(name).back().path +
                                      "/state.safetensors");
    };
    const safetensors::File first = file(a), second = file(b);
    double largest = 0;
    for (const safetensors::TensorView& tensor : first.tensors()) {
      if (tensor.name.starts_with("optimizer.")) continue;
      const auto* other = second.Find(tensor.name);
      const auto* x = static_cast<const float*>(static_cast<const void*>(tensor.data.data()));
      const auto* y = static_cast<const float*>(static_cast<const void*>(other->data.data()));
      double magnitude = 1e-30, difference = 0;
      for (size_t i = 0; i < tensor.data.size() / sizeof(float); ++i) {
        magnitude = std::max<double>(magnitude, std::abs(x[i]));
        difference = std::max<double>(difference, std::abs(x[i] - y[i]));
      }
      largest = std::max(largest, difference / magnitude);
    }
    return largest;
  }

  fs::path folder_;
};

constexpr int64_t kEndless = 100000;

struct SameCase {
  const char* name;
  const char* patch;
};

class SameTrainingTest : public ParallelRunsTest, public testing::WithParamInterface<SameCase> {};

// Sums of gradients differ by their order alone: docs/trainer.md states the tolerance.
TEST_P(SameTrainingTest, TwoProcessesAreOneWithTwiceTheMicroBatches) {
  json two = Document(json::parse(GetParam().patch));
  json one = two;
  one["resources"].erase("processes");
  one["resources"]["cpu_threads"] = 1;
  one["training"]["gradient_accumulation"] = 2 * two["training"].value("gradient_accumulation", 1);
  ASSERT_EQ(Train("two", two), 0) << Output();
  ASSERT_EQ(Train("one", one), 0) << Output();
  for (const char* metric : {"train/loss", "train/grad_norm", "val/loss"}) {
    const auto expected = Curve("one", metric), got = Curve("two", metric);
    ASSERT_FALSE(expected.empty()) << metric;
    ASSERT_EQ(got.size(), expected.size()) << metric;
    for (const auto& [step, value] : expected)
      EXPECT_NEAR(got.at(step), value, 1e-5 * std::abs(value)) << metric << " at " << step;
  }
  EXPECT_LT(LargestDifference("one", "two"), 1e-4);
}

INSTANTIATE_TEST_SUITE_P(
    , SameTrainingTest,
    testing::Values(
        SameCase{"dropout", R"({"model": {"dropout": 0.1}})"},
        SameCase{"accumulation", R"({"training": {"gradient_accumulation": 3}})"},
        SameCase{"muon", R"({"optimizer": {"name": "muon", "muon": {"dtype": "fp32"}}})"},
        SameCase{"stochastic_and_rotated", R"({"precision": {"default": "nvfp4"}})"},
        SameCase{"learned_scale", R"({"precision": {"default": "qat-noise"}})"},
        SameCase{"loss_scaling",
                 R"({"training": {"compute_dtype": "fp16", "loss_scale": {"initial": 1e9}}})"}),
    [](const auto& info) { return info.param.name; });

TEST_F(ParallelRunsTest, TellHowManyTheyAreAndWhatAStepHolds) {
  ASSERT_EQ(Train("run", Document({{"training", {{"steps", 1}}}})), 0) << Output();
  const json started = json::parse(EventsOf<spec::StartedEvent>("run").front().json);
  EXPECT_EQ(started["processes"], 2);
  EXPECT_EQ(started["tokens_per_step"], 2 * 2 * 16);
  EXPECT_EQ(started["threads"], 2);
}

TEST_F(ParallelRunsTest, AStopIsOneCheckpointAndAResumeGoesOnToTheBit) {
  const json document = Document({{"model", {{"dropout", 0.1}}},
                                  {"precision", {{"default", "nvfp4"}}},
                                  {"checkpoint", {{"interval_steps", 4}, {"keep_last", 100}}},
                                  {"training", {{"steps", kEndless}, {"eval_interval", 1000}}}});
  // Stopped at some step, and stopped again four checkpoints later.
  pid_t run = Start("stopped", document);
  ASSERT_TRUE(WaitForStep("stopped", 5, run)) << Output();
  kill(-run, SIGTERM);  // as a worker does: all of the group
  ASSERT_EQ(ExitStatus(run), 3) << Output();
  const int64_t stopped_at = States("stopped").rbegin()->first;
  EXPECT_EQ(EventsOf<spec::CheckpointEvent>("stopped").size(), States("stopped").size());
  const int64_t later = (stopped_at / 4 + 2) * 4;
  run = Start("stopped", document);
  ASSERT_TRUE(WaitForStep("stopped", later + 1, run)) << Output();
  kill(run, SIGTERM);
  ASSERT_EQ(ExitStatus(run), 3) << Output();

  run = Start("straight", document);
  ASSERT_TRUE(WaitForStep("straight", later + 1, run)) << Output();
  kill(run, SIGTERM);
  ASSERT_EQ(ExitStatus(run), 3) << Output();

  ASSERT_TRUE(States("straight").contains(later));
  EXPECT_EQ(States("stopped").at(later), States("straight").at(later));
}

TEST_F(ParallelRunsTest, ADeathOfTheOtherProcessEndsTheRunWithItsCause) {
  const json document =
      Document({{"training", {{"steps", kEndless}}}, {"checkpoint", {{"interval_steps", 2}}}});
  const pid_t run = Start("run", document);
  ASSERT_TRUE(WaitForStep("run", 3, run)) << Output();
  const pid_t other = OtherProcess(run);
  ASSERT_GT(other, 0);
  kill(other, SIGKILL);
  EXPECT_EQ(ExitStatus(run), 1);
  EXPECT_EQ(Output(),
            "fp4-train: process 2 of 2 was ended by signal 9 (SIGKILL); out of memory?\n");
  // As when a signal ends a process that trains alone: nothing says that the run has failed.
  EXPECT_TRUE(EventsOf<spec::FinishedEvent>("run").empty());
}

TEST_F(ParallelRunsTest, TheOtherProcessDiesWithTheFirst) {
  const pid_t run = Start("run", Document({{"training", {{"steps", kEndless}}}}));
  ASSERT_TRUE(WaitForStep("run", 2, run)) << Output();
  const pid_t other = OtherProcess(run);
  ASSERT_GT(other, 0);
  kill(run, SIGKILL);
  EXPECT_EQ(ExitStatus(run), 128 + SIGKILL);
  // Nobody of ours reaps it; the end of its own is what is looked for.
  while (kill(other, 0) == 0) {
    std::ifstream stat("/proc/" + std::to_string(other) + "/stat");
    std::string pid, name, state;
    stat >> pid >> name >> state;
    if (state == "Z") break;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

}  // namespace
}  // namespace fp4
