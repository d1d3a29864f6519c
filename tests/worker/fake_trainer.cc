// Obeys fp4-train's command line and misbehaves on demand, for the worker's tests. What it does
// stands in the document under "fake", all optional:
//   steps         how many (20); one metrics event each, a checkpoint every checkpoint_every (5)
//   hold_at       {"1": 7}: in attempt 1 waits before step 7 for the file `go` in the run directory
//   signal_at     {"1": [7, 11]}: attempt 1 dies of signal 11 before step 7
//   exit_at       {"1": [7, 2]}: attempt 1 exits with status 2 before step 7
//   torn_at       {"1": 7}: attempt 1 writes half a line instead of step 7's, and dies
//   unknown_at    {"1": 7}: attempt 1 writes an event of a kind that nobody knows before step 7
//   skip_seq_at   {"1": 7}: attempt 1 leaves out a seq before step 7
//   stderr_lines  how many lines of noise (0)
//   ignore_sigterm
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/version.h"
#include "spec/events.h"

namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

std::atomic<bool> g_stop = false;

class FakeTrainer {
 public:
  explicit FakeTrainer(std::map<std::string, std::string> flags) : flags_(std::move(flags)) {
    fake_ = Json::parse(fp4::ReadFile(flags_["run"]).value()).value("fake", Json::object());
    folder_ = flags_["--run-dir"];
    attempt_ = std::stoi(flags_["--attempt"]);
    seq_ = std::stoll(flags_["--next-seq"]);
    if (!fake_.value("ignore_sigterm", false)) {
      signal(SIGTERM, [](int) { g_stop = true; });
    } else {
      signal(SIGTERM, SIG_IGN);
    }
  }

  int Run() {
    TruncateTornLine();
    log_ = fp4::UniqueFd(
        open((folder_ / "events.jsonl").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
    for (int i = 0; i < fake_.value("stderr_lines", 0); ++i) std::cerr << "noise " << i << "\n";
    const int first = FirstStep();
    Write(fp4::spec::StartedEvent{.json = absl::StrCat("{\"resumed_from_step\":", first - 1, "}")});
    const int steps = fake_.value("steps", 20);
    for (int step = first; step <= steps; ++step) {
      if (std::optional<int> status = Misbehave(step)) return *status;
      if (At("hold_at") == step && !fs::exists(folder_ / "go")) HoldUntilGo();
      if (g_stop) return Stopped(step - 1);
      Write(fp4::spec::MetricsEvent{
          .step = step, .values = {{"train/loss", 1.0 / step}, {"train/tokens_per_second", 1000}}});
      if (step % fake_.value("checkpoint_every", 5) == 0) Checkpoint(step);
    }
    Write(fp4::spec::FinishedEvent{.status = "completed", .reason = ""});
    return 0;
  }

 private:
  // The attempt's entry of a field; 0: none.
  int At(const char* name) const {
    Json entry = Entry(name);
    return entry.is_array() ? entry[0].get<int>() : entry.is_number() ? entry.get<int>() : 0;
  }
  Json Entry(const char* name) const {
    return fake_.value(name, Json::object()).value(std::to_string(attempt_), Json());
  }

  std::optional<int> Misbehave(int step) {
    if (At("signal_at") == step) {
      std::cerr << "about to die\n";
      signal(Entry("signal_at")[1], SIG_DFL);
      raise(Entry("signal_at")[1]);
    }
    if (At("exit_at") == step) {
      std::cerr << "a trainer's last words\n";
      return Entry("exit_at")[1].get<int>();
    }
    if (At("torn_at") == step) {
      fp4::WriteAll(log_.get(), absl::StrCat("{\"seq\":", seq_, ",\"time\":\"20"), "log")
          .IgnoreError();
      raise(SIGKILL);
    }
    if (At("skip_seq_at") == step) ++seq_;
    if (At("unknown_at") == step) {
      Write(fp4::spec::UnknownEvent{.type = "picture", .json = R"({"file":"/a.png"})"});
    }
    return std::nullopt;
  }

  void HoldUntilGo() {
    while (!g_stop && !fs::exists(folder_ / "go")) {
      CheckLease();
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }

  void CheckLease() {
    absl::StatusOr<std::string> text = fp4::ReadFile(flags_["--lease-file"]);
    if (!text.ok()) return;
    const Json lease = Json::parse(*text);
    const absl::Duration deadline = absl::Nanoseconds(lease["deadline_ns"].get<int64_t>());
    if (lease["boot_id"] == fp4::BootId() && fp4::SystemClock().SinceBoot() < deadline) return;
    std::cerr << "the lease is over\n";
    _exit(1);
  }

  int FirstStep() {
    const std::string& from = flags_["--resume-from"];
    if (from == "none" || from.empty()) return 1;
    return Json::parse(fp4::ReadFile(fs::path(from) / "manifest.json").value())["step"].get<int>() +
           1;
  }

  void Checkpoint(int step) {
    fs::path folder = folder_ / "checkpoints" / absl::StrCat("step-", step, ".attempt-", attempt_);
    fs::create_directories(folder);
    fp4::ReplaceFile(folder / "state.safetensors", "state").IgnoreError();
    fp4::ReplaceFile(folder / "manifest.json", Json{{"step", step}}.dump()).IgnoreError();
    Write(fp4::spec::CheckpointEvent{.path = folder, .step = step, .bytes = 5, .sha256 = "00"});
  }

  int Stopped(int step) {
    if (step > 0) Checkpoint(step);
    Write(fp4::spec::FinishedEvent{.status = "stopped", .reason = "signal"});
    return 3;
  }

  template <typename Kind>
  void Write(Kind kind) {
    fp4::spec::Event event{
        .seq = seq_++, .time = absl::Now(), .attempt = attempt_, .kind = std::move(kind)};
    fp4::WriteAll(log_.get(), fp4::spec::FormatEvent(event) + "\n", "log").IgnoreError();
  }

  void TruncateTornLine() {
    absl::StatusOr<std::string> text = fp4::ReadFile(folder_ / "events.jsonl");
    if (!text.ok() || text->empty() || text->back() == '\n') return;
    fs::resize_file(folder_ / "events.jsonl", text->find_last_of('\n') + 1);
  }

  std::map<std::string, std::string> flags_;
  Json fake_;
  fs::path folder_;
  int attempt_ = 1;
  int64_t seq_ = 1;
  fp4::UniqueFd log_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::string(argv[1]) == "--version") {
    std::cout << "fp4-train " << fp4::Version() << " (fake)\n";
    return 0;
  }
  if (argc == 2 && std::string(argv[1]) == "--probe") {
    std::cout
        << R"({"torch_version":"0","cpu_compute_dtype":"bf16","fp32_gflops":1,"bf16_gflops":2})"
        << "\n";
    return 0;
  }
  std::map<std::string, std::string> flags = {{"run", argv[1]}};
  for (int i = 2; i + 1 < argc; i += 2) flags[argv[i]] = argv[i + 1];
  return FakeTrainer(std::move(flags)).Run();
}
