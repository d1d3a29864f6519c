// Fills a controller's folder with an experiment whose runs have long curves, for measurements of
// what reads them (bench/page/measure.py) and for tests of the page:
//   fill_store DIR NUM_RUNS NUM_POINTS [odd]
// Five variants; with "odd" names that are hard to show, and runs that fail, diverge, or have no
// points. The same arguments give the same curves.
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <iostream>
#include <limits>
#include <memory>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/ids.h"
#include "server/store/store.h"
#include "spec/document.h"
#include "spec/score_table.h"
#include "wire/json/values.h"

namespace fp4::store {
namespace {

constexpr int kNumVariants = 5;
constexpr int64_t kEventsAtOnce = 2000;
constexpr int kNumLayers = 12;
constexpr int kNumEvaluations = 50;

constexpr const char* kPlainNames[kNumVariants] = {"baseline", "fp4", "nvfp4", "quartet2", "mxfp4"};
constexpr const char* kOddNames[kNumVariants] = {
    "baseline", "<img src=x onerror=alert(1)>", "مرحبا بالعالم-fp4", "🙂-emoji-🚀",
    "a-very-long-name-that-goes-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on"};

struct Amount {
  int64_t num_runs = 0, num_points = 0;
  bool odd = false;
};

std::string Document(const Amount& amount) {
  const int64_t num_variants = std::min<int64_t>(amount.num_runs, kNumVariants);
  wire::Json document = {{"schema_version", 1},
                         {"name", "many-points"},
                         {"project", "bench"},
                         {"description", "Curves made up by tests/page/fill_store.cc"},
                         {"model", {{"preset", "micro"}}},
                         {"data", {{"source", "synthetic"}}},
                         {"training", {{"steps", amount.num_points}, {"micro_batch_size", 4}}},
                         {"resources", {{"gpus", 0}}},
                         {"seeds", wire::Json::array()},
                         {"variants", wire::Json::object()}};
  for (int64_t seed = 1; seed <= amount.num_runs / num_variants; ++seed) {
    document["seeds"].push_back(seed);
  }
  for (int64_t i = 0; i < num_variants; ++i) {
    document["variants"][kPlainNames[i]] = {{"precision", {{"default", kPlainNames[i]}}}};
  }
  return document.dump();
}

NewExperiment ReadDocument(const Amount& amount) {
  const std::string document = Document(amount);
  spec::ReadResult result = spec::ReadExperiment(document, {}, {.base_folder = "/"});
  for (const spec::Problem& problem : result.problems)
    std::cerr << problem.ToString("document") << "\n";
  if (!result.ok()) std::exit(2);
  // No document may have such names; the page must not rely on that.
  for (size_t i = 0; amount.odd && i < result.experiment.variants.size(); ++i) {
    result.experiment.variants[i].name = kOddNames[i];
  }
  if (amount.odd) {
    result.experiment.name = "\"><script>alert('name')</script>";
    result.experiment.description = "<b onclick=alert(2)>bold</b> & ‮evil‬";
  }
  return {.experiment = std::move(result.experiment),
          .document = document,
          .document_name = "many-points.fp4.json",
          .overrides = {},
          .created_by = "bench",
          .request_id = ""};
}

// A run's numbers: a loss that falls with noise, worse by a little for each variant.
class Curves {
 public:
  Curves(int64_t variant, uint64_t seed, const Amount& amount)
      : variant_(variant),
        seed_(seed),
        amount_(amount),
        random_(seed * 131 + static_cast<uint64_t>(variant)) {}

  spec::MetricsEvent At(int64_t step) {
    const double progress = static_cast<double>(step) / static_cast<double>(amount_.num_points);
    const double level = 2.0 + 3.5 * std::exp(-8 * progress) +
                         0.02 * static_cast<double>(variant_) +
                         0.004 * static_cast<double>(seed_ % 7);
    spec::MetricsEvent event{.step = step, .values = {}};
    event.values = {{"train/loss", Odd(progress, level + 0.08 * Noise())},
                    {"train/grad_norm", 0.4 + 0.1 * std::abs(Noise())},
                    {"train/tokens_per_second", 52'000 + 900 * Noise()}};
    if (step % std::max<int64_t>(1, amount_.num_points / kNumEvaluations) == 0)
      Evaluate(level, progress, event);
    return event;
  }

 private:
  double Noise() { return normal_(random_); }

  // Of the odd ones, some values are not finite.
  double Odd(double progress, double value) const {
    if (!amount_.odd || progress < 0.6) return value;
    if (variant_ == 1) return std::numeric_limits<double>::quiet_NaN();
    if (variant_ == 3 && progress > 0.8 && progress < 0.85)
      return std::numeric_limits<double>::infinity();
    return value;
  }

  void Evaluate(double level, double progress, spec::MetricsEvent& event) {
    event.values.emplace_back("val/loss", Odd(progress, level + 0.05 + 0.003 * Noise()));
    event.values.emplace_back("memory/state_bytes", 1.2e9 - 1.5e8 * static_cast<double>(variant_));
    event.values.emplace_back("energy/joules", 9000 * progress);
    for (int layer = 0; layer < kNumLayers; ++layer) {
      for (const char* part : {"attention.qkv", "attention.out", "mlp.up", "mlp.down"}) {
        const std::string name = absl::StrCat("quant/blocks.", layer, ".", part, "/weight_error");
        event.values.emplace_back(name, 1e-3 * static_cast<double>(variant_) * (1 + 0.1 * layer) *
                                            (1 + progress) * (1 + 0.05 * Noise()));
      }
    }
  }

  const int64_t variant_;
  const uint64_t seed_;
  const Amount amount_;
  std::mt19937_64 random_;
  std::normal_distribution<double> normal_;
};

// A prediction for each layer and recipe, with two moves.
spec::ScoreTable Table(int64_t step) {
  spec::ScoreTable table{.step = step, .micro_batches = 2, .targets = 1024};
  for (int layer = 0; layer < kNumLayers; ++layer) {
    spec::LayerScores& scores = table.layers.emplace_back();
    scores.layer = absl::StrCat("blocks.", layer, ".mlp.down");
    scores.current = "nvfp4";
    for (const char* recipe : {"baseline", "nvfp4", "<i>own</i>"})
      scores.scores.push_back({.recipe = recipe,
                               .bytes = 9000,
                               .loss_change = 0.01 * (layer - 2),
                               .standard_error = 0.002});
  }
  table.moves = {{.move = {.kind = spec::MoveKind::kUnits, .layer = "blocks.*.mlp.up", .units = 8},
                  .extra_bytes = 4608,
                  .gain = 0.02,
                  .standard_error = 0.004},
                 {.move = {.kind = spec::MoveKind::kLayer, .layer = "blocks.*"},
                  .extra_bytes = 90'000,
                  .gain = -0.001,
                  .standard_error = 0.003}};
  return table;
}

spec::SensitivityEvent Scores(int64_t step) { return {step, spec::ToJson(Table(step))}; }

spec::DecisionEvent Decided(int64_t step) {
  spec::Decision decision;
  decision.step = step;
  decision.how = "hysteresis";
  decision.why = "the first decision";
  decision.limit_bytes = 60'000;
  decision.bytes = 58'000;
  decision.assignment = {{"blocks.0.mlp.down", "baseline"}};
  decision.changes = {{"blocks.0.mlp.down", "nvfp4", "baseline"}};
  decision.scores = Table(step);
  decision.scores.moves.clear();
  return {step, spec::ToJson(decision)};
}

class Filler {
 public:
  Filler(const std::filesystem::path& folder, const Amount& amount)
      : amount_(amount),
        store_(Store::Open({.folder = folder}, SystemClock(), RandomIds(), nullptr).value()) {}

  void Fill() {
    const NewExperiment experiment = ReadDocument(amount_);
    const std::string id =
        Wait<CreatedExperiment>([&](auto done) { store_->CreateExperiment(experiment, done); }).id;
    for (int64_t i = 0; i < amount_.num_runs; ++i) {
      worker_.slots.push_back({.index = static_cast<int32_t>(i),
                               .device = "cpu",
                               .name = "a processor",
                               .cpu_threads = 2});
    }
    worker_id_ =
        Wait<RegisteredWorker>([&](auto done) { store_->Register(worker_, done); }).worker_id;
    const auto work = Wait<AcquiredWork>([&](auto done) {
      store_->Acquire({worker_id_, worker_.incarnation, {}, absl::Seconds(1)}, done);
    });
    for (const Assignment& run : work.assignments) FillRun(run, experiment.experiment);
    std::cout << id << "\n";
  }

 private:
  template <typename Reply, typename Call>
  Reply Wait(const Call& call) {
    std::promise<absl::StatusOr<Reply>> promise;
    call([&](absl::StatusOr<Reply> reply) { promise.set_value(std::move(reply)); });
    return promise.get_future().get().value();
  }

  void FillRun(const Assignment& run, const spec::Experiment& experiment) {
    int64_t variant = 0;
    while (experiment.variants[static_cast<size_t>(variant)].name != run.variant) ++variant;
    const bool silent = amount_.odd && variant == 4;  // has no points
    const bool goes_on = amount_.odd && variant == 2;
    const bool fails = amount_.odd && variant == 1;
    next_seq_ = 1;
    Add(run, spec::StartedEvent{R"({"device":"cpu","threads":2,"tokens_per_step":512})"});
    if (silent) return Send(run);
    Curves curves(variant, run.seed, amount_);
    for (int64_t step = 1; step <= amount_.num_points; ++step) Add(run, curves.At(step));
    Add(run, spec::CheckpointEvent{"/runs/step-1", amount_.num_points, 123'456'789,
                                   std::string(64, 'a')});
    Add(run, Scores(amount_.num_points));
    Add(run, Decided(amount_.num_points));
    if (goes_on) return Send(run);
    if (fails) {
      Add(run, spec::HealthEvent{
                   "error", "NON_FINITE_LOSS", "",
                   "the loss is NaN since step " + absl::StrCat(amount_.num_points * 6 / 10)});
      Add(run, spec::LogEvent{"error", "<b>the loss is NaN</b> & training stops"});
    }
    Add(run, spec::FinishedEvent{fails ? "failed" : "completed", fails ? "non_finite_loss" : ""});
    Send(run);
    core::Exit exit;
    exit.exit_code = fails ? 1 : 0;
    Wait<Nothing>([&](auto done) { store_->Exit({worker_id_, run.held, exit}, done); });
  }

  void Add(const Assignment& run, spec::EventKind kind) {
    events_.push_back({.seq = next_seq_++,
                       .time = absl::Now(),
                       .attempt = run.held.attempt,
                       .kind = std::move(kind)});
    if (static_cast<int64_t>(events_.size()) >= kEventsAtOnce) Send(run);
  }

  void Send(const Assignment& run) {
    Wait<ReportedEvents>([&](auto done) {
      store_->Report({worker_id_, run.held, std::move(events_)}, done);
    });
    events_.clear();
  }

  const Amount amount_;
  std::unique_ptr<Store> store_;
  RegisterWorker worker_{.name = "bench",
                         .host = "here",
                         .incarnation = "i1",
                         .version = "0",
                         .slots = {},
                         .found_runs = {}};
  std::string worker_id_;
  std::vector<spec::Event> events_;
  int64_t next_seq_ = 1;
};

}  // namespace
}  // namespace fp4::store

int main(int argc, char** argv) {
  if (argc < 4) {
    std::cerr << "usage: fill_store DIR NUM_RUNS NUM_POINTS [odd]\n";
    return 2;
  }
  std::filesystem::create_directories(argv[1]);
  const fp4::store::Amount amount{std::atoll(argv[2]), std::atoll(argv[3]), argc > 4};
  fp4::store::Filler(argv[1], amount).Fill();
}
