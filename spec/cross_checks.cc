#include "spec/cross_checks.h"

#include <algorithm>
#include <initializer_list>

#include "absl/strings/str_cat.h"

namespace fp4::spec {
namespace {

constexpr int64_t kBytes = 256;
// The synthetic language speaks in this many words.
constexpr int64_t kSyntheticVocabulary = 64;

class CrossChecker {
 public:
  CrossChecker(const Node& merged, const Resolved& resolved, Problems& problems)
      : merged_(merged), bad_(resolved.bad), run_(resolved.run), problems_(problems) {}

  void Run() {
    CheckHeads();
    CheckVocabulary();
    CheckPaths();
    CheckSchedule();
    CheckResources();
  }

 private:
  using Names = std::initializer_list<std::string_view>;

  bool Usable(Names fields) const {
    for (const std::string_view field : fields) {
      if (bad_.contains(std::string(field))) return false;
    }
    return true;
  }

  // The value as given; null: it stands at its default.
  const Node* Given(std::string_view field) const {
    const size_t dot = field.find('.');
    const Node* section = merged_.Find(field.substr(0, dot));
    return section == nullptr ? nullptr : section->Find(field.substr(dot + 1));
  }

  // What was said last: an override, a variant, the document, nothing.
  static int Rank(const Node* given) {
    if (given == nullptr) return 0;
    const Source* source = given->place.source;
    return source == nullptr ? 1 : source->override.empty() ? 2 : 3;
  }

  // The one of the fields that was given last; the first of equals.
  std::string_view Latest(Names fields) const {
    return *std::ranges::max_element(fields, {},
                                     [this](std::string_view field) { return Rank(Given(field)); });
  }

  void Report(std::string_view field, std::string message) {
    const size_t dot = field.find('.');
    const Path root;
    const Path section = root.Field(field.substr(0, dot));
    const Node* section_node = merged_.Find(field.substr(0, dot));
    const Node* given = Given(field);
    const Node& at = given != nullptr ? *given : section_node != nullptr ? *section_node : merged_;
    problems_.Add(at.place, section.Field(field.substr(dot + 1)), std::move(message));
  }

  void CheckHeads() {
    const ModelSpec& model = run_.model;
    const Names fields = {"model.num_heads", "model.d_model", "model.rotary_axis",
                          "model.rotary_frequencies"};
    if (!Usable(fields)) return;
    if (model.d_model % model.num_heads != 0) {
      const std::string_view at = Latest({"model.num_heads", "model.d_model"});
      Report(at, at == "model.d_model"
                     ? absl::StrCat("is ", model.d_model, ", no multiple of num_heads ",
                                    model.num_heads)
                     : absl::StrCat("is ", model.num_heads, ", which does not divide d_model ",
                                    model.d_model));
      return;
    }
    const int64_t head = model.d_model / model.num_heads;
    if (model.rotary_axis == RotaryAxis::kNone) return;
    if (model.rotary_frequencies == RotaryFrequencies::kHalfTruncated &&
        (head % 4 != 0 || head < 8)) {
      Report(Latest({"model.rotary_frequencies", "model.num_heads", "model.d_model"}),
             absl::StrCat("'half-truncated' needs heads of 8, 12, 16, …; d_model / num_heads is ",
                          head));
    } else if (head % 2 != 0) {
      Report(Latest({"model.num_heads", "model.d_model"}),
             absl::StrCat("rotary encoding needs heads of an even size; d_model / num_heads is ",
                          model.d_model, " / ", model.num_heads, " = ", head));
    }
  }

  void CheckVocabulary() {
    const int64_t size = run_.model.vocab_size;
    if (!Usable({"model.vocab_size", "data.source", "data.tokenizer"})) return;
    const bool bytes = run_.data.source == DataSource::kText && run_.data.tokenizer == "bytes";
    const bool synthetic = run_.data.source == DataSource::kSynthetic;
    const int64_t needed = bytes ? kBytes : synthetic ? kSyntheticVocabulary : 0;
    if (size >= needed) return;
    const std::string why =
        absl::StrCat(bytes ? "the tokenizer 'bytes' has " : "synthetic data has ", needed, " ids");
    const std::string_view at = Latest({"model.vocab_size", "data.source"});
    Report(at, at == "model.vocab_size" ? absl::StrCat("is ", size, "; ", why)
                                        : absl::StrCat(why, ", and model.vocab_size is ", size));
  }

  void CheckPaths() {
    const DataSpec& data = run_.data;
    if (!Usable({"data.source"})) return;
    const bool synthetic = data.source == DataSource::kSynthetic;
    if (!synthetic && data.paths.empty() && Usable({"data.paths"})) {
      Report(Latest({"data.paths", "data.source"}),
             absl::StrCat("names no file, which the source '",
                          data.source == DataSource::kText ? "text" : "tokens",
                          "' needs; allowed: paths and patterns"));
    }
    const std::string unread =
        "is given, and the source 'synthetic' reads no files; set data.source to text or tokens, "
        "or leave it out";
    if (synthetic && !data.paths.empty()) Report("data.paths", unread);
    if (synthetic && !data.validation_paths.empty()) Report("data.validation_paths", unread);
    if (data.source != DataSource::kText && data.tokenizer != "bytes" &&
        Usable({"data.tokenizer"})) {
      Report("data.tokenizer",
             "is given, and only the source 'text' is tokenized; set data.source to text, or leave "
             "it out");
    }
  }

  void CheckSchedule() {
    const LearningRateSpec& schedule = run_.lr_schedule;
    const int64_t steps = run_.training.steps;
    if (!Usable({"training.steps", "lr_schedule.warmup_steps", "lr_schedule.name",
                 "lr_schedule.decay_steps"}))
      return;
    if (schedule.warmup_steps > steps) {
      Report(Latest({"lr_schedule.warmup_steps", "training.steps"}),
             absl::StrCat("warm-up takes ", schedule.warmup_steps, " steps, more than the ", steps,
                          " of training.steps"));
    } else if (schedule.name == Schedule::kWsd &&
               schedule.warmup_steps + schedule.decay_steps > steps) {
      Report(Latest({"lr_schedule.decay_steps", "lr_schedule.warmup_steps", "training.steps"}),
             absl::StrCat("warm-up and decay take ", schedule.warmup_steps, " + ",
                          schedule.decay_steps, " steps, more than the ", steps,
                          " of training.steps"));
    }
  }

  void CheckResources() {
    const ResourceSpec& resources = run_.resources;
    if (!Usable({"resources.gpus"})) return;
    if (resources.gpus == 0 && !resources.gpus_auto && resources.min_gpu_memory_gib > 0) {
      Report("resources.min_gpu_memory_gib",
             "is given, and resources.gpus is 0; leave one of them out");
    }
  }

  const Node& merged_;
  const std::set<std::string>& bad_;
  const RunSpec& run_;
  Problems& problems_;
};

}  // namespace

void CheckAcrossFields(const Node& merged, const Resolved& resolved, Problems& problems) {
  CrossChecker(merged, resolved, problems).Run();
}

}  // namespace fp4::spec
