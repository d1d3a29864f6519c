#include "client/watch/view.h"

#include <cctype>

#include "absl/strings/str_cat.h"
#include "base/metric_names.h"
#include "client/render/findings.h"
#include "client/render/json.h"
#include "client/render/numbers.h"
#include "client/render/progress.h"
#include "client/render/runs.h"
#include "spec/events.h"
#include "wire/events.h"

namespace fp4::client {
namespace {

constexpr int kIndent = 10;  // of further lines

class JsonView final : public WatchView {
 public:
  explicit JsonView(const Context& context) : out_(context.out), err_(context.err) {}
  void OnEvent(const Board&, const v1::Event& event) override {
    if (const std::string json = EventJson(event); !json.empty()) {
      out_ << json << "\n" << std::flush;
    }
  }
  void OnNotice(const Board&, const std::string& text) override { err_ << text << "\n"; }
  void Tick(const Board&, absl::Time) override {}

 private:
  std::ostream& out_;
  std::ostream& err_;
};

class PlainView final : public WatchView {
 public:
  PlainView(const Context& context, const Clock& clock)
      : out_(context.out), err_(context.err), clock_(clock), width_(context.terminal.width) {}

  void OnEvent(const Board& board, const v1::Event& event) override {
    const RunProgress* run = board.Find(event.run_id());
    if (run == nullptr) return;
    // A run tells of all its frozen layers at once: that becomes one line.
    const bool goes_on = event.has_health() && !health_.empty() && health_run_ == event.run_id() &&
                         health_.front().code() == event.health().code();
    if (!goes_on) FlushHealth(board);
    if (event.has_health()) {
      health_run_ = event.run_id();
      health_time_ = ToTime(event.time());
      health_.push_back(event.health());
      return;
    }
    if (std::string line = PlainLine(*run, event, clock_.Now()); !line.empty()) {
      Print(line);
    }
  }
  void OnNotice(const Board&, const std::string& text) override { err_ << text << "\n"; }
  void Tick(const Board& board, absl::Time) override {
    FlushHealth(board);
    TellWaiting(board);
  }

 private:
  // Once for each reason: the numbers in it change all the time.
  void TellWaiting(const Board& board) {
    std::string reasons;
    for (const std::string& line : board.WaitingLines()) reasons += line + "\n";
    std::string words = reasons;
    std::erase_if(words, [](unsigned char c) { return std::isdigit(c) != 0; });
    if (words == told_) return;
    told_ = words;
    err_ << reasons << std::flush;
  }

  // `fp4ctl logs` prints such lines on a terminal too.
  void Print(const std::string& line) {
    out_ << Wrapped(line, width_, kIndent) << "\n" << std::flush;
  }
  void FlushHealth(const Board& board) {
    const RunProgress* run = board.Find(health_run_);
    if (health_.empty() || run == nullptr) return;
    Print(absl::StrCat(FormatWhen(health_time_, clock_.Now()), "  ",
                       Printable(RunLabel(run->variant, run->seed)), "  ",
                       DescribeFinding(health_)));
    health_.clear();
  }

  std::ostream& out_;
  std::ostream& err_;
  const Clock& clock_;
  const int width_;  // of a terminal; 0: no limit
  std::string health_run_;
  absl::Time health_time_;
  std::vector<v1::Health> health_;
  std::string told_;  // why runs wait, without numbers
};

class LiveView final : public WatchView {
 public:
  explicit LiveView(const Context& context) : out_(context.out), terminal_(context.terminal) {}

  void OnEvent(const Board&, const v1::Event&) override {}
  void OnNotice(const Board& board, const std::string& text) override {
    notice_ = text;
    Tick(board, absl::Now());
  }
  void Tick(const Board& board, absl::Time now) override {
    const Layout layout{
        .width = terminal_.width - 1, .color = terminal_.color, .unicode = terminal_.unicode};
    auto lines = RenderProgress(board, now, terminal_.height - 2, layout);
    if (!notice_.empty()) {
      lines.push_back(
          Colored(Truncate(notice_, layout.width, layout.unicode), Color::kYellow, layout.color));
    }
    Draw(lines);
  }

 private:
  // Over the last picture: to its first line, each line rewritten and cleared to its end, the rest
  // cleared.
  void Draw(const std::vector<std::string>& lines) {
    if (drawn_ > 0) out_ << "\x1b[" << drawn_ << "A";
    for (const std::string& line : lines) out_ << "\r" << line << "\x1b[K\n";
    out_ << "\x1b[J" << std::flush;
    drawn_ = lines.size();
  }

  std::ostream& out_;
  const Terminal terminal_;
  size_t drawn_ = 0;
  std::string notice_;
};

std::string MetricsText(const RunProgress& run, const v1::Event& event) {
  std::string text = absl::StrCat("step ", event.metrics().step(), "/", run.total_steps);
  for (const v1::Value& value : event.metrics().values()) {
    const std::string& name = value.name();
    if (name == metric::kTrainLoss)
      absl::StrAppend(&text, "  loss ", FormatFixed(value.value(), 4));
    if (name == metric::kValLoss)
      absl::StrAppend(&text, "  val loss ", FormatFixed(value.value(), 4));
    if (name == metric::kValAccuracy)
      absl::StrAppend(&text, "  accuracy ", FormatFixed(value.value(), 4));
    if (name == metric::kTokensPerSecond) {
      absl::StrAppend(&text, "  ", FormatCount(value.value()), " tok/s");
    }
  }
  auto left = run.TimeLeft(ToTime(event.time()));
  return left.has_value() ? absl::StrCat(text, "  ", FormatInterval(*left), " left") : text;
}

std::string StateText(const v1::StateChange& change) {
  std::string text = StateName(change.state());
  if (!change.reason().empty() && change.reason() != text) {
    absl::StrAppend(&text, " (", change.reason(), ")");
  }
  if (!change.worker().empty()) absl::StrAppend(&text, " on ", Printable(change.worker()));
  if (!change.message().empty())
    absl::StrAppend(&text, ": ", PrintableLines(change.message(), kIndent));
  return text;
}

// "precision: …" of a kind that has a sentence.
template <typename Kind>
std::string DescribedText(const v1::Event& event) {
  const spec::Event told = wire::FromProto(event);
  return absl::StrCat("precision: ", Printable(spec::Describe(std::get<Kind>(told.kind))));
}

}  // namespace

std::string PlainLine(const RunProgress& run, const v1::Event& event, absl::Time now) {
  std::string text;
  if (event.has_metrics()) text = MetricsText(run, event);
  if (event.has_state()) text = StateText(event.state());
  if (event.has_started() && event.attempt() > 1) text = absl::StrCat("attempt ", event.attempt());
  if (event.has_checkpoint()) text = absl::StrCat("checkpoint at step ", event.checkpoint().step());
  if (event.has_log()) {
    text =
        absl::StrCat(event.log().severity(), ": ", PrintableLines(event.log().message(), kIndent));
  }
  if (event.has_precision_switch()) text = DescribedText<spec::PrecisionSwitchEvent>(event);
  if (event.has_sensitivity()) text = DescribedText<spec::SensitivityEvent>(event);
  if (event.has_decision()) text = DescribedText<spec::DecisionEvent>(event);
  if (text.empty()) return "";
  return absl::StrCat(FormatWhen(ToTime(event.time()), now), "  ",
                      Printable(RunLabel(run.variant, run.seed)), "  ", text);
}

std::unique_ptr<WatchView> MakeWatchView(const Context& context, const Clock& clock) {
  if (context.json) return std::make_unique<JsonView>(context);
  if (context.terminal.interactive) return std::make_unique<LiveView>(context);
  return std::make_unique<PlainView>(context, clock);
}

}  // namespace fp4::client
