#include "base/fault_points.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <iterator>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/file.h"
#include "base/log.h"

namespace fp4 {
namespace {

constexpr size_t kNumPoints = std::size(kFaultPoints);

constexpr bool StandInOrder() {
  for (size_t i = 0; i < kNumPoints; ++i) {
    if (static_cast<size_t>(kFaultPoints[i].point) != i) return false;
  }
  return static_cast<size_t>(FaultPoint::kTrainerAfterRename) + 1 == kNumPoints;
}
static_assert(StandInOrder(), "each point has its row in kFaultPoints, in the enumeration's order");

absl::Status BadEntry(std::string_view entry) {
  std::string names;
  for (const FaultPointInfo& info : kFaultPoints) {
    absl::StrAppend(&names, names.empty() ? "" : ", ", std::string(info.name));
  }
  return absl::InvalidArgumentError(absl::StrCat("'", std::string(entry),
                                                 "' is not POINT:N or POINT:N/K with numbers from "
                                                 "1 on; points: ",
                                                 names));
}

absl::StatusOr<PlannedFault> ParseEntry(std::string_view entry) {
  const size_t colon = entry.find(':');
  if (colon == std::string_view::npos) return BadEntry(entry);
  PlannedFault fault{.point = FaultPoint::kStoreBeforeCommit};
  bool known = false;
  for (const FaultPointInfo& info : kFaultPoints) {
    if (info.name != entry.substr(0, colon)) continue;
    fault.point = info.point;
    known = true;
  }
  const std::string numbers(entry.substr(colon + 1));
  const size_t slash = numbers.find('/');
  if (!known || !absl::SimpleAtoi(numbers.substr(0, slash), &fault.first) || fault.first < 1) {
    return BadEntry(entry);
  }
  if (slash == std::string::npos) return fault;
  if (!absl::SimpleAtoi(numbers.substr(slash + 1), &fault.every) || fault.every < 1) {
    return BadEntry(entry);
  }
  return fault;
}

// What the environment asks for.
struct Injection {
  std::vector<PlannedFault> faults;
  std::filesystem::path fired;  // empty: none
  std::array<std::atomic<int64_t>, kNumPoints> passings = {};
};

Injection* ReadEnvironment() {
  const char* text = std::getenv("FP4_FAULTS");
  if (text == nullptr || *text == '\0') return nullptr;
  absl::StatusOr<std::vector<PlannedFault>> faults = ParseFaults(text);
  if (!faults.ok()) {
    LogError("FP4_FAULTS cannot be read", {{"error", std::string(faults.status().message())}});
    _exit(2);
  }
  LogWarning("faults are injected", {{"faults", text}});
  auto* injection = new Injection;  // for the whole process
  injection->faults = *std::move(faults);
  const char* fired = std::getenv("FP4_FAULTS_FIRED");
  if (fired != nullptr) injection->fired = fired;
  return injection;
}

// Whether this process is the first one of those that share the folder.
bool IsFirst(const std::filesystem::path& fired, FaultPoint point) {
  if (fired.empty()) return true;
  const std::filesystem::path file = fired / std::string(FaultPointName(point));
  return UniqueFd(open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644)).valid();
}

}  // namespace

std::string_view FaultPointName(FaultPoint point) {
  return kFaultPoints[static_cast<size_t>(point)].name;
}

bool PlannedFault::FiresAt(int64_t passing) const {
  if (passing <= first) return passing == first;
  return every > 0 && (passing - first) % every == 0;
}

absl::StatusOr<std::vector<PlannedFault>> ParseFaults(std::string_view text) {
  std::vector<PlannedFault> faults;
  for (const std::string& entry :
       std::vector<std::string>(absl::StrSplit(std::string(text), ','))) {
    absl::StatusOr<PlannedFault> fault = ParseEntry(entry);
    if (!fault.ok()) return fault.status();
    faults.push_back(*fault);
  }
  return faults;
}

bool FaultFires(FaultPoint point) {
  static Injection* const injection = ReadEnvironment();
  if (injection == nullptr) return false;
  const int64_t passing = ++injection->passings[static_cast<size_t>(point)];
  for (const PlannedFault& fault : injection->faults) {
    if (fault.point != point || !fault.FiresAt(passing)) continue;
    if (fault.every > 0 || IsFirst(injection->fired, point)) return true;
  }
  return false;
}

void DieAt(FaultPoint point) {
  if (FaultFires(point)) raise(SIGKILL);
}

absl::Duration InjectedClockShift() {
  static const char* const file = std::getenv("FP4_CLOCK_SHIFT");
  if (file == nullptr) return absl::ZeroDuration();
  double seconds = 0;
  const absl::StatusOr<std::string> text = ReadFile(file);
  if (text.ok() && absl::SimpleAtod(*text, &seconds)) return absl::Seconds(seconds);
  LogError("FP4_CLOCK_SHIFT: the file holds no number of seconds", {{"file", file}});
  _exit(2);
}

}  // namespace fp4
