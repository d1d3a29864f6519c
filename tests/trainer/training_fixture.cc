#include "tests/trainer/training_fixture.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "trainer/trainer.h"

namespace fp4::trainer {
namespace {

constexpr char kDocument[] = R"({
  "schema_version": 1, "name": "tiny",
  "model": {"preset": "micro", "d_model": 32, "num_layers": 2, "num_heads": 2, "d_ff": 64, "vocab_size": 64, "sequence_length": 16},
  "data": {"source": "synthetic"},
  "training": {"steps": 12, "micro_batch_size": 4, "eval_interval": 6, "eval_batches": 2, "log_interval": 1, "compute_dtype": "fp32"},
  "lr_schedule": {"name": "cosine", "warmup_steps": 2},
  "checkpoint": {"interval_steps": 4, "keep_last": 10, "keep_best": 0},
  "resources": {"gpus": 0, "cpu_threads": 1},
  "seeds": [1]
})";

}  // namespace

TrainingFixture::TrainingFixture() {
  std::string pattern = testing::TempDir() + "training-XXXXXX";
  folder_ = mkdtemp(pattern.data());
  setenv("XDG_CACHE_HOME", (folder_ / "cache").c_str(), 1);
  options_.device = "cpu";
}

TrainingFixture::~TrainingFixture() { std::filesystem::remove_all(folder_); }

std::string TrainingFixture::Document(const std::string& patch) const {
  nlohmann::json document = nlohmann::json::parse(kDocument);
  document.merge_patch(nlohmann::json::parse(patch));
  return document.dump();
}

int TrainingFixture::Run(const std::string& name, const std::string& document,
                         const StopCheck& stop) {
  options_.run_dir = folder_ / name;
  options_.document = folder_ / (name + ".json");
  std::ofstream(options_.document) << document;
  SelectedRun selected = SelectRun(options_);
  for (const std::string& problem : selected.problems) ADD_FAILURE() << problem;
  return selected.problems.empty() ? RunAttempt(options_, selected, stop) : kExitBadDocument;
}

StopCheck TrainingFixture::StopAfter(int64_t step) const {
  return [this, step] {
    const auto curve = Curve(std::filesystem::path(options_.run_dir).filename(), "train/loss");
    return !curve.empty() && curve.rbegin()->first >= step;
  };
}

StopCheck TrainingFixture::StopAtQuestion(int questions) {
  return [questions, asked = 0]() mutable { return asked++ >= questions; };
}

std::vector<spec::Event> TrainingFixture::Events(const std::string& name) const {
  std::vector<spec::Event> events;
  std::ifstream file(folder_ / name / "events.jsonl");
  for (std::string line; std::getline(file, line);) {
    absl::StatusOr<spec::Event> event = spec::ParseEvent(line);
    EXPECT_TRUE(event.ok()) << event.status() << " in " << line;
    if (event.ok()) events.push_back(*std::move(event));
  }
  return events;
}

std::map<int64_t, double> TrainingFixture::Curve(const std::string& name,
                                                 const std::string& metric) const {
  std::map<int64_t, double> curve;
  for (const spec::MetricsEvent& event : EventsOf<spec::MetricsEvent>(name)) {
    for (const auto& [metric_name, value] : event.values) {
      if (metric_name == metric) curve[event.step] = value;
    }
  }
  return curve;
}

std::string TrainingFixture::LastState(const std::string& name) const {
  std::vector<spec::CheckpointEvent> checkpoints = EventsOf<spec::CheckpointEvent>(name);
  return checkpoints.empty() ? "" : checkpoints.back().sha256;
}

}  // namespace fp4::trainer
