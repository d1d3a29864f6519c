#include "trainer/profile/step_profile.h"

#include <ATen/record_function.h>

#include <algorithm>
#include <atomic>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/faults.h"
#include "base/file.h"

namespace fp4::trainer {
namespace {

constexpr char kUpdate[] = "update";

// The callbacks are plain functions.
std::atomic<StepProfile*> active = nullptr;

// "fprop" of "fprop blocks.0.mlp.up".
std::string PartOf(const std::string& name) {
  for (const char* product : {"fprop ", "dgrad ", "wgrad "}) {
    if (name.starts_with(product)) return name.substr(0, 5);
  }
  return name;
}

}  // namespace

struct ProfileCallbacks {
  struct Context : public at::ObserverContext {
    StepProfile::Clock::time_point begin;
  };

  static bool IsPart(const at::RecordFunction& function) {
    return function.scope() == at::RecordScope::USER_SCOPE;
  }
  static std::unique_ptr<at::ObserverContext> Begin(const at::RecordFunction& function) {
    StepProfile* profile = active;
    if (profile == nullptr) return nullptr;
    auto context = std::make_unique<Context>();
    context->begin = profile->Begin(IsPart(function), function.name());
    return context;
  }
  static void End(const at::RecordFunction& function, at::ObserverContext* context) {
    StepProfile* profile = active;
    if (profile == nullptr || context == nullptr) return;
    profile->End({.name = function.name(),
                  .is_part = IsPart(function),
                  .thread = function.threadId(),
                  .begin = static_cast<Context*>(context)->begin,
                  .end = {}});
  }
};

StepProfile::StepProfile(Backend& backend) : backend_(backend), energy_(backend) {
  active = this;
  callback_ = at::addGlobalCallback(
      at::RecordFunctionCallback(ProfileCallbacks::Begin, ProfileCallbacks::End)
          .scopes({at::RecordScope::FUNCTION, at::RecordScope::USER_SCOPE}));
}

StepProfile::~StepProfile() {
  at::removeCallback(callback_);
  active = nullptr;
}

StepProfile::Clock::time_point StepProfile::Begin(bool is_part, const char* name) {
  if (is_part && recording_) backend_.Synchronize();
  if (is_part && std::string_view(name) == kUpdate) {
    const std::lock_guard lock(mutex_);
    recording_ = begun_ >= kPassedOver && begun_ < kPassedOver + kLookedAt;
    if (begun_ == kPassedOver) joules_before_ = energy_.Joules();
    ++begun_;
  }
  return Clock::now();
}

void StepProfile::End(Entry entry) {
  if (!recording_) return;
  if (entry.is_part) backend_.Synchronize();
  entry.end = Clock::now();
  const std::lock_guard lock(mutex_);
  const bool ends_update = entry.is_part && entry.name == kUpdate;
  entries_.push_back(std::move(entry));
  if (!ends_update) return;
  recording_ = false;
  joules_after_ = energy_.Joules();
}

std::optional<double> StepProfile::joules() const {
  const std::lock_guard lock(mutex_);
  if (!joules_before_ || !joules_after_) return std::nullopt;
  return energy_.Between(*joules_before_, *joules_after_);
}

int64_t StepProfile::num_updates() const {
  const std::lock_guard lock(mutex_);
  return std::ranges::count_if(
      entries_, [](const Entry& entry) { return entry.is_part && entry.name == kUpdate; });
}

double StepProfile::seconds() const {
  const std::lock_guard lock(mutex_);
  std::chrono::duration<double> sum{};
  for (const Entry& entry : entries_) {
    if (entry.is_part && entry.name == kUpdate) sum += entry.end - entry.begin;
  }
  return sum.count();
}

// Parts lie in one another, whatever thread they are on: the main thread waits for backward's.
std::map<std::string, double> StepProfile::MillisecondsByPart() const {
  const int64_t updates = std::max<int64_t>(num_updates(), 1);
  std::vector<Entry> parts;
  {
    const std::lock_guard lock(mutex_);
    std::ranges::copy_if(entries_, std::back_inserter(parts), &Entry::is_part);
  }
  std::ranges::sort(parts, [](const Entry& a, const Entry& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end > b.end;
  });
  std::map<std::string, double> sums;
  std::vector<const Entry*> around;
  for (const Entry& part : parts) {
    const double took = std::chrono::duration<double, std::milli>(part.end - part.begin).count() /
                        static_cast<double>(updates);
    while (!around.empty() && around.back()->end <= part.begin) around.pop_back();
    if (!around.empty()) sums[PartOf(around.back()->name)] -= took;
    sums[PartOf(part.name)] += took;
    around.push_back(&part);
  }
  return sums;
}

absl::Status StepProfile::WriteChromeTrace(const std::filesystem::path& file) const {
  nlohmann::ordered_json events = nlohmann::ordered_json::array();
  const std::lock_guard lock(mutex_);
  const auto microseconds = [](Clock::duration time) {
    return std::chrono::duration<double, std::micro>(time).count();
  };
  const Clock::time_point start =
      entries_.empty() ? Clock::time_point{}
                       : std::ranges::min_element(entries_, {}, &Entry::begin)->begin;
  for (const Entry& entry : entries_) {
    events.push_back({{"name", entry.name},
                      {"cat", entry.is_part ? "part" : "operation"},
                      {"ph", "X"},
                      {"ts", microseconds(entry.begin - start)},
                      {"dur", microseconds(entry.end - entry.begin)},
                      {"pid", 1},
                      {"tid", entry.thread}});
  }
  const nlohmann::ordered_json trace = {{"traceEvents", std::move(events)},
                                        {"displayTimeUnit", "ms"}};
  return MachineFault(ReplaceFile(file, trace.dump() + "\n"));
}

void PrintProfile(const StepProfile& profile, int64_t tokens_per_update, std::ostream& out) {
  const int64_t updates = profile.num_updates();
  if (updates == 0) {
    out << absl::StrFormat("no update was looked at: the first %d are passed over\n",
                           StepProfile::kPassedOver);
    return;
  }
  const std::map<std::string, double> by_part = profile.MillisecondsByPart();
  std::vector<std::pair<std::string, double>> rows(by_part.begin(), by_part.end());
  std::ranges::sort(rows, std::ranges::greater(), &std::pair<std::string, double>::second);
  const double whole = 1000 * profile.seconds() / static_cast<double>(updates);
  out << absl::StrFormat("%-24s %12s %7s\n", "part", "ms/update", "share");
  for (const auto& [part, took] : rows) {
    out << absl::StrFormat("%-24s %12.3f %6.1f%%\n", part == kUpdate ? "all else" : part, took,
                           100 * took / whole);
  }
  out << absl::StrFormat("%-24s %12.3f  (mean of %d updates)\n", "update", whole, updates);
  const std::optional<double> joules = profile.joules();
  out << "energy: ";
  if (joules)
    out << absl::StrFormat("%.4g J/token, by ",
                           *joules / static_cast<double>(updates * tokens_per_update));
  out << profile.energy_source() << '\n';
}

}  // namespace fp4::trainer
