#include "spec/cross_checks.h"

#include <algorithm>
#include <span>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "spec/field_checks.h"
#include "spec/fields.h"
#include "spec/model_kinds.h"
#include "spec/presets.h"
#include "spec/training_checks.h"

namespace fp4::spec {
namespace {

// A field of another kind of model says that something else was meant.
void CheckKind(FieldChecks& checks) {
  const ModelSpec& model = checks.run().model;
  if (!checks.Usable({"model.kind", "model.preset"})) return;
  const Preset& preset = *FindPreset(model.preset);
  if (preset.kind != model.kind) {
    checks.Report(
        checks.Latest({"model.preset", "model.kind"}),
        absl::StrCat("the preset '", model.preset, "' is of the kind '", std::string(preset.kind),
                     "', and model.kind is '", model.kind, "'"));
  }
  for (const Field& field : FindField(DocumentType(), "model")->type.fields) {
    const std::string name = "model." + field.name;
    const bool foreign =
        !field.kinds.empty() && std::ranges::find(field.kinds, model.kind) == field.kinds.end();
    if (!foreign || checks.Given(name) == nullptr) continue;
    checks.Report(name, absl::StrCat("is a field of the kind '", absl::StrJoin(field.kinds, "', '"),
                                     "', and model.kind is '", model.kind, "'; leave it out"));
  }
}

std::string Listed(std::span<const std::string_view> names) {
  return absl::StrJoin(names, ", ",
                       [](std::string* out, std::string_view name) { out->append(name); });
}

std::string SourceName(DataSource source) {
  const Field& field = *FindField(FindField(DocumentType(), "data")->type, "source");
  return field.type.choices[static_cast<size_t>(source)];
}

void CheckSource(FieldChecks& checks) {
  if (!checks.Usable({"model.kind", "data.source"})) return;
  const ModelKind& kind = KindOf(checks.run().model);
  const std::string source = SourceName(checks.run().data.source);
  if (std::ranges::find(kind.data_sources, source) != kind.data_sources.end()) return;
  checks.Report("data.source",
                absl::StrCat("is '", source, "', and a model of the kind '", std::string(kind.name),
                             "' learns from: ", Listed(kind.data_sources)));
}

void CheckPaths(FieldChecks& checks) {
  const DataSpec& data = checks.run().data;
  if (!checks.Usable({"data.source"})) return;
  const bool synthetic = data.source == DataSource::kSynthetic;
  const bool records = data.source == DataSource::kImages || data.source == DataSource::kVectors;
  const bool files = data.source == DataSource::kText || data.source == DataSource::kTokens;
  if (files && data.paths.empty() && checks.Usable({"data.paths"})) {
    checks.Report(checks.Latest({"data.paths", "data.source"}),
                  absl::StrCat("names no file, which the source '", SourceName(data.source),
                               "' needs; allowed: paths and patterns"));
  }
  const std::string unread =
      "is given, and the source 'synthetic' reads no files; set data.source to text or tokens, "
      "or leave it out";
  if (synthetic && !data.paths.empty()) checks.Report("data.paths", unread);
  if (synthetic && !data.validation_paths.empty()) checks.Report("data.validation_paths", unread);
  if (records && data.paths.empty() && !data.validation_paths.empty() &&
      checks.Usable({"data.paths"})) {
    checks.Report("data.validation_paths",
                  absl::StrCat("is given, and without data.paths the source '",
                               SourceName(data.source), "' is generated; give both or none"));
  }
  if (data.source != DataSource::kText && data.tokenizer != "bytes" &&
      checks.Usable({"data.tokenizer"})) {
    checks.Report(
        "data.tokenizer",
        "is given, and only the source 'text' is tokenized; set data.source to text, or leave "
        "it out");
  }
}

// What a source takes no notice of is refused where it says something else than its default.
void CheckUnread(FieldChecks& checks) {
  const DataSpec& data = checks.run().data;
  if (!checks.Usable({"data.source"})) return;
  const bool records = data.source == DataSource::kImages || data.source == DataSource::kVectors;
  const bool generated = records && data.paths.empty();
  const auto refuse = [&](std::string_view field, bool read, std::string_view who) {
    if (read || !checks.IsMeant(field)) return;
    checks.Report(field,
                  absl::StrCat("is given, and is only for ", std::string(who), "; data.source is '",
                               SourceName(data.source), data.paths.empty() ? "'" : "' with files",
                               ", so leave it out"));
  };
  refuse("data.noise", generated, "generated images and vectors");
  refuse("data.intrinsic_dim", generated && data.source == DataSource::kVectors,
         "generated vectors");
  refuse("data.validation_fraction", !records || !generated, "data from files");
  refuse("data.window", !records, "tokens");
  refuse("data.split", !records, "tokens");
}

// A checkpoint cannot be the best by what the model's evaluations do not tell.
void CheckMetric(FieldChecks& checks) {
  if (!checks.Usable({"model.kind", "checkpoint.metric"})) return;
  const ModelKind& kind = KindOf(checks.run().model);
  const std::string& metric = checks.run().checkpoint.metric;
  if (std::ranges::find(kind.metrics, metric) != kind.metrics.end()) return;
  checks.Report("checkpoint.metric",
                absl::StrCat("is '", metric, "', and a model of the kind '", std::string(kind.name),
                             "' tells: ", Listed(kind.metrics)));
}

void CheckSchedule(FieldChecks& checks) {
  const LearningRateSpec& schedule = checks.run().lr_schedule;
  const int64_t steps = checks.run().training.steps;
  if (!checks.Usable({"training.steps", "lr_schedule.warmup_steps", "lr_schedule.name",
                      "lr_schedule.decay_steps"}))
    return;
  if (schedule.warmup_steps > steps) {
    checks.Report(checks.Latest({"lr_schedule.warmup_steps", "training.steps"}),
                  absl::StrCat("warm-up takes ", schedule.warmup_steps, " steps, more than the ",
                               steps, " of training.steps"));
  } else if (schedule.name == Schedule::kWsd &&
             schedule.warmup_steps + schedule.decay_steps > steps) {
    checks.Report(
        checks.Latest({"lr_schedule.decay_steps", "lr_schedule.warmup_steps", "training.steps"}),
        absl::StrCat("warm-up and decay take ", schedule.warmup_steps, " + ", schedule.decay_steps,
                     " steps, more than the ", steps, " of training.steps"));
  }
}

void CheckResources(FieldChecks& checks) {
  const ResourceSpec& resources = checks.run().resources;
  if (!checks.Usable({"resources.gpus"})) return;
  const bool on_gpus = resources.gpus > 0 || resources.gpus_auto;
  if (on_gpus && checks.Usable({"resources.processes"}) && resources.processes > 1) {
    checks.Report("resources.processes",
                  absl::StrCat("is ", resources.processes, ", and resources.gpus is ",
                               resources.gpus_auto ? "'auto'" : absl::StrCat(resources.gpus),
                               "; set gpus to 0 for processes on a CPU slot, or leave processes "
                               "out: each GPU has one"));
  }
  if (on_gpus) return;
  for (const char* field : {"resources.min_gpu_memory_gib", "resources.gpu_name"}) {
    if (!checks.IsMeant(field)) continue;
    checks.Report(field, "is given, and resources.gpus is 0; leave one of them out");
  }
}

}  // namespace

void CheckAcrossFields(const Node& merged, const Resolved& resolved, Problems& problems) {
  FieldChecks checks(merged, resolved.run, resolved.bad, problems);
  CheckKind(checks);
  if (checks.Usable({"model.kind"})) KindOf(resolved.run.model).check(checks);
  CheckSource(checks);
  CheckPaths(checks);
  CheckUnread(checks);
  CheckMetric(checks);
  CheckSchedule(checks);
  CheckTraining(checks);
  CheckOptimizer(checks);
  CheckResources(checks);
}

}  // namespace fp4::spec
