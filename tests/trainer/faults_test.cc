// Whose fault a failure is, and that it is said: exit statuses, reasons, findings, warnings.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cmath>
#include <csignal>
#include <cstring>
#include <fstream>
#include <limits>

#include "base/file.h"
#include "base/reasons.h"
#include "base/trainer_exit.h"
#include "safetensors/safetensors.h"
#include "tests/trainer/training_fixture.h"
#include "trainer/checkpoint/manifest.h"
#include "trainer/run/math_environment.h"

namespace fp4::trainer {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
namespace fs = std::filesystem;

class FaultsTest : public TrainingFixture {
 protected:
  std::string TextDocument() {
    for (const char* name : {"a.txt", "b.txt"}) {
      std::ofstream(folder_ / name) << std::string(4000, name[0]);
    }
    return Document(R"({"model": {"vocab_size": 256}, "data": {"source": "text", "paths": [")" +
                    (folder_ / "*.txt").string() + R"("]}})");
  }
  std::string TokenDocument(const std::string& path) const {
    return Document(R"({"data": {"source": "tokens", "paths": [")" + path + R"("]}})");
  }
  std::vector<std::string> Warnings(const std::string& name) const {
    std::vector<std::string> warnings;
    for (const spec::LogEvent& event : EventsOf<spec::LogEvent>(name)) {
      if (event.severity == "warning") warnings.push_back(event.message);
    }
    return warnings;
  }
  std::string Reason(const std::string& name) const {
    return EventsOf<spec::FinishedEvent>(name).back().reason;
  }
  Manifest ManifestAt(const fs::path& checkpoint) const {
    return *ParseManifest(*ReadFile(checkpoint / "manifest.json"));
  }
};

// The tensors of `from`, the one of that name multiplied.
void Scale(const fs::path& from, const fs::path& to, const std::string& name, float factor) {
  safetensors::File file = *safetensors::File::Open(from);
  std::vector<safetensors::TensorView> tensors = file.tensors();
  std::vector<float> values;
  for (safetensors::TensorView& tensor : tensors) {
    if (tensor.name != name) continue;
    values.resize(tensor.data.size() / sizeof(float));
    std::memcpy(values.data(), tensor.data.data(), tensor.data.size());
    for (float& value : values) value *= factor;
    tensor.data = std::as_bytes(std::span(values));
  }
  ASSERT_FALSE(values.empty());
  ASSERT_TRUE(safetensors::Write(to, tensors, {}).ok());
}

TEST_F(FaultsTest, CheckpointCarriesTheValueOfItsOwnStepOnly) {
  ASSERT_EQ(Run("a", Document(R"({"training": {"eval_interval": 3},
                                  "checkpoint": {"interval_steps": 2, "keep_last": 20}})")),
            kExitCompleted);
  std::map<int64_t, double> loss = Curve("a", "val/loss");
  for (const spec::CheckpointEvent& event : EventsOf<spec::CheckpointEvent>("a")) {
    const Manifest manifest = ManifestAt(event.path);
    EXPECT_EQ(manifest.evaluated, event.step % 3 == 0) << event.step;
    ASSERT_EQ(manifest.metric_value.has_value(), event.step % 3 == 0) << event.step;
    if (manifest.metric_value) {
      EXPECT_EQ(*manifest.metric_value, loss.at(event.step));
    }
  }
}

TEST_F(FaultsTest, BestIsChosenAmongEvaluatedStepsAlone) {
  // A rate so high that the loss at the end is worse than in the middle.
  ASSERT_EQ(Run("a", Document(R"({"training": {"eval_interval": 3, "steps": 15},
                                  "optimizer": {"learning_rate": 1.0},
                                  "lr_schedule": {"name": "constant", "warmup_steps": 0},
                                  "checkpoint": {"interval_steps": 2, "keep_last": 1, "keep_best": 1}})")),
            kExitCompleted);
  std::map<int64_t, double> loss = Curve("a", "val/loss");
  int64_t best = 15;
  for (int64_t step : {6, 12}) {
    if (loss.at(step) < loss.at(best)) best = step;
  }
  std::set<int64_t> kept;
  for (const auto& entry : fs::directory_iterator(folder_ / "a" / "checkpoints"))
    kept.insert(ManifestAt(entry.path()).step);
  EXPECT_EQ(kept, (std::set<int64_t>{best, 15}));
}

TEST_F(FaultsTest, CacheThatCannotBeWrittenCostsTheCacheOnly) {
  setenv("XDG_CACHE_HOME", "/proc/nonexistent", 1);
  ASSERT_EQ(Run("a", TextDocument()), kExitCompleted);
  EXPECT_THAT(Warnings("a"), testing::Contains(HasSubstr("/proc/nonexistent")));
  EXPECT_TRUE(fs::exists(folder_ / "a" / "cache"));
}

TEST_F(FaultsTest, TokenFileRewrittenDuringTheRunFailsItByName) {
  const fs::path tokens = folder_ / "t.bin";
  const auto write = [&tokens](int64_t size, char value) {
    std::ofstream(tokens, std::ios::binary | std::ios::in | std::ios::out)
        << std::string(static_cast<size_t>(size), value);
  };
  std::ofstream(tokens) << std::string(4000, '\0');
  write(4000, '\0');
  const auto rewrite = [&] {
    const bool now = Curve("a", "train/loss").contains(3) && !Curve("a", "train/loss").contains(4);
    if (now) write(4000, '\1');
    return false;
  };

  ASSERT_EQ(Run("a",
                Document(R"({"model": {"vocab_size": 300}, "data": {"source": "tokens",
                                  "paths": [")" +
                         tokens.string() + R"("]}})"),
                rewrite),
            kExitFailed);

  EXPECT_THAT(Reason("a"), HasSubstr("t.bin: was changed while the run was reading it"));
  EXPECT_FALSE(Curve("a", "train/loss").contains(4));
}

TEST_F(FaultsTest, TokenFileCutOffDuringTheRunFailsItByName) {
  const fs::path tokens = folder_ / "t.bin";
  std::ofstream(tokens) << std::string(4000, '\0');
  const auto cut = [&] {
    if (Curve("a", "train/loss").contains(3)) fs::resize_file(tokens, 0);
    return false;
  };
  ASSERT_EQ(Run("a", TokenDocument(tokens.string()), cut), kExitFailed);
  EXPECT_THAT(Reason("a"), HasSubstr("t.bin: was cut off while the run was reading it"));
}

TEST_F(FaultsTest, MissingResumeFolderIsAnErrorThatWritesNothing) {
  options_.resume_from = (folder_ / "no-such-checkpoint").string();
  EXPECT_EQ(Run("a", Document()), kExitBadDocument);
  EXPECT_FALSE(fs::exists(folder_ / "a"));
}

TEST_F(FaultsTest, StartAtStepZeroBecauseAllCheckpointsAreDamagedIsSaid) {
  ASSERT_EQ(Run("a", Document(), StopAfter(5)), kExitStopped);
  for (const spec::CheckpointEvent& event : EventsOf<spec::CheckpointEvent>("a"))
    std::ofstream(fs::path(event.path) / "state.safetensors") << "x";
  ASSERT_EQ(Run("a", Document()), kExitCompleted);
  EXPECT_THAT(Warnings("a"), testing::Contains(HasSubstr("training starts at step 0")));
}

TEST_F(FaultsTest, AnotherDocumentIsTheSameMistakeInTheLogAndInACheckpoint) {
  const std::string other = Document(R"({"optimizer": {"learning_rate": 0.5}})");
  ASSERT_EQ(Run("a", Document(), StopAfter(5)), kExitStopped);
  EXPECT_EQ(Run("a", other), kExitBadDocument);
  fs::remove(folder_ / "a" / "events.jsonl");
  EXPECT_EQ(Run("a", other), kExitBadDocument);
  EXPECT_THAT(Reason("a"), HasSubstr("is a checkpoint of another document"));
}

TEST_F(FaultsTest, FileThatTheDocumentNamesAndIsMissingIsTheDocumentsFaultWhereverItStands) {
  const std::string gone = (folder_ / "gone").string();
  const std::string documents[] = {
      TokenDocument(gone),
      Document(R"({"model": {"initialize_from": ")" + gone + R"("}})"),
      Document(R"({"model": {"vocab_size": 256}, "data": {"source": "text", "paths": [")" +
               (folder_ / "*.json").string() + R"("], "tokenizer": ")" + gone + R"("}})"),
  };
  for (const std::string& document : documents) {
    EXPECT_EQ(Run("a", document), kExitBadDocument) << document;
    EXPECT_THAT(Reason("a"), HasSubstr("gone")) << document;
    fs::remove_all(folder_ / "a");
  }
}

TEST_F(FaultsTest, DiskThatTakesNoMoreIsTheMachinesFaultAndTheNextStartGoesOn) {
  signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  rlimit limit = before;
  limit.rlim_cur = 60'000;  // the log fits, a checkpoint does not
  setrlimit(RLIMIT_FSIZE, &limit);
  const int exit = Run("a", Document());
  setrlimit(RLIMIT_FSIZE, &before);

  EXPECT_EQ(exit, kExitFailed);
  EXPECT_EQ(MachineReasonOf(Reason("a")), reason::kMachineFault) << Reason("a");
  EXPECT_THAT(Reason("a"), HasSubstr("state.safetensors"));
  EXPECT_TRUE(fs::is_empty(folder_ / "a" / "checkpoints"));
  EXPECT_EQ(Run("a", Document()), kExitCompleted);
}

TEST_F(FaultsTest, CompletedRunThatCannotBeLockedIsStillCompleted) {
  ASSERT_EQ(Run("a", Document(), StopAfter(2)), kExitStopped);
  const auto break_lock = [this] {  // as a disk that became read-only
    fs::remove(folder_ / "a" / "lock");
    fs::create_directory(folder_ / "a" / "lock");
  };
  break_lock();
  EXPECT_EQ(Run("a", Document()), kExitFailed);
  fs::remove(folder_ / "a" / "lock");
  ASSERT_EQ(Run("a", Document()), kExitCompleted);
  break_lock();
  EXPECT_EQ(Run("a", Document()), kExitCompleted);
  EXPECT_EQ(Run("a", Document(R"({"optimizer": {"learning_rate": 0.5}})")), kExitFailed);
}

TEST_F(FaultsTest, NotANumberInAnEvaluationIsAFindingAndNoCompletedRun) {
  ASSERT_EQ(Run("a", Document()), kExitCompleted);
  const fs::path weights = folder_ / "nan.safetensors";
  Scale(EventsOf<spec::CheckpointEvent>("a").back().path + "/state.safetensors", weights,
        "embedding.weight", std::numeric_limits<float>::quiet_NaN());

  EXPECT_EQ(Run("b", Document(R"({"lr_schedule": {"warmup_steps": 0}, "training": {"steps": 0},
                                  "model": {"initialize_from": ")" +
                              weights.string() + R"("}})")),
            kExitFailed);

  ASSERT_EQ(EventsOf<spec::HealthEvent>("b").size(), 1u);
  EXPECT_EQ(EventsOf<spec::HealthEvent>("b")[0].code, "non_finite");
  EXPECT_THAT(Reason("b"), HasSubstr("non_finite: at step 0 the validation loss is nan"));
}

TEST_F(FaultsTest, RunWhoseActivationsHaveOverflowedIsReportedOnce) {
  const std::string untied = R"("tie_embeddings": false)";
  ASSERT_EQ(Run("a", Document("{\"model\": {" + untied + "}}")), kExitCompleted);
  const fs::path weights = folder_ / "huge.safetensors";
  Scale(EventsOf<spec::CheckpointEvent>("a").back().path + "/state.safetensors", weights,
        "embedding.weight", 1e25f);

  ASSERT_EQ(Run("b", Document("{\"model\": {" + untied + R"(, "initialize_from": ")" +
                              weights.string() + R"("}})")),
            kExitCompleted);

  int num_findings = 0;
  for (const spec::HealthEvent& event : EventsOf<spec::HealthEvent>("b"))
    num_findings += event.code == "no_gradient";
  EXPECT_EQ(num_findings, 1);
  EXPECT_EQ(Curve("b", "train/grad_norm").at(5), 0);
}

TEST_F(FaultsTest, MoreThreadsThanCoresAreWarnedOf) {
  const std::string threads = std::to_string(AvailableCores() + 1);
  ASSERT_EQ(Run("a", Document(R"({"resources": {"cpu_threads": )" + threads + "}}")),
            kExitCompleted);
  EXPECT_THAT(Warnings("a"), testing::Contains(HasSubstr("cpu_threads is " + threads)));
  ASSERT_EQ(Run("b", Document()), kExitCompleted);
  EXPECT_THAT(Warnings("b"), IsEmpty());
}

TEST_F(FaultsTest, DamagedLineOfTheLogIsSaidAndCostsNoRun) {
  ASSERT_EQ(Run("whole", Document()), kExitCompleted);
  ASSERT_EQ(Run("a", Document(), StopAfter(5)), kExitStopped);
  std::string log = *ReadFile(folder_ / "a" / "events.jsonl");
  const size_t at = log.find("\"train/grad_norm\"");
  ASSERT_NE(at, std::string::npos);
  log.replace(at, 20, 20, '\0');
  std::ofstream(folder_ / "a" / "events.jsonl") << log;

  ASSERT_EQ(Run("a", Document()), kExitCompleted);

  std::ifstream file(folder_ / "a" / "events.jsonl");
  int num_damaged = 0;
  std::string all;
  for (std::string line; std::getline(file, line);) {
    num_damaged += !spec::ParseEvent(line).ok();
    all += line;
  }
  EXPECT_EQ(num_damaged, 1);
  EXPECT_THAT(all, HasSubstr("line passed over"));
}

}  // namespace
}  // namespace fp4::trainer
