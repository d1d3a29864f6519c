#include "trainer/run/terminal.h"

#include <optional>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/metric_names.h"

namespace fp4::trainer {
namespace {

std::optional<double> Find(const spec::MetricsEvent& metrics, std::string_view wanted) {
  for (const auto& [name, value] : metrics.values) {
    if (name == wanted) return value;
  }
  return std::nullopt;
}

// "  loss 2.345"; nothing when the event does not have it.
std::string Shown(const spec::MetricsEvent& metrics, std::string_view name, std::string_view before,
                  std::string_view after = "") {
  const std::optional<double> value = Find(metrics, name);
  if (!value) return "";
  return absl::StrCat("  ", std::string(before), absl::StrFormat("%.4g", *value),
                      std::string(after));
}

std::string TimeLeft(absl::Duration left) {
  return absl::FormatDuration(left < absl::Minutes(10) ? absl::Floor(left, absl::Seconds(1))
                                                       : absl::Floor(left, absl::Minutes(1)));
}

}  // namespace

void TerminalReport::Tell(const spec::Event& event) {
  if (const auto* log = std::get_if<spec::LogEvent>(&event.kind)) {
    if (log->severity != "info") {
      out_ << "fp4-train: " << log->severity << ": " << log->message << std::endl;
    }
  } else if (const auto* health = std::get_if<spec::HealthEvent>(&event.kind)) {
    out_ << "fp4-train: " << health->severity << ": " << health->code << ": " << health->message
         << std::endl;
  } else if (const auto* metrics = std::get_if<spec::MetricsEvent>(&event.kind)) {
    if (progress_) TellMetrics(*metrics, event.time);
  }
}

void TerminalReport::TellMetrics(const spec::MetricsEvent& metrics, absl::Time time) {
  std::string line = absl::StrCat("step ", metrics.step, "/", total_steps_,
                                  Shown(metrics, metric::kTrainLoss, "loss "),
                                  Shown(metrics, metric::kValLoss, "val loss "),
                                  Shown(metrics, metric::kValAccuracy, "accuracy "),
                                  Shown(metrics, metric::kTokensPerSecond, "", " tok/s"));
  if (Find(metrics, metric::kTrainLoss)) {
    if (first_step_ < 0) {
      first_step_ = metrics.step;
      first_time_ = time;
    } else if (metrics.step > first_step_ && total_steps_ > metrics.step) {
      const absl::Duration per_step =
          (time - first_time_) / static_cast<double>(metrics.step - first_step_);
      absl::StrAppend(&line, "  ",
                      TimeLeft(per_step * static_cast<double>(total_steps_ - metrics.step)),
                      " left");
    }
  }
  out_ << line << std::endl;
}

}  // namespace fp4::trainer
