#include "trainer/run/lease.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

#include "absl/strings/str_cat.h"
#include "base/file.h"

namespace fp4::trainer {
namespace {

constexpr absl::Duration kInterval = absl::Seconds(1);
// Between two looks at a lease that is about to end: its worker may still prolong it.
constexpr absl::Duration kShortest = absl::Milliseconds(10);

// Until the next look.
absl::Duration Check(const std::filesystem::path& lease_file, std::string_view boot_id,
                     const Clock& clock) {
  absl::StatusOr<std::string> lease = ReadFile(lease_file);
  std::string why = lease.ok() ? LeaseEnded(*lease, boot_id, clock.SinceBoot())
                               : std::string(lease.status().message());
  if (why.empty()) return NextLook(*lease, clock.SinceBoot());
  (void)WriteAll(STDERR_FILENO, absl::StrCat("fp4-train: the lease has ended: ", why, "\n"),
                 "stderr");
  _exit(1);
}

}  // namespace

std::string LeaseEnded(std::string_view lease_json, std::string_view boot_id,
                       absl::Duration since_boot) {
  auto lease = nlohmann::json::parse(lease_json, nullptr, /*allow_exceptions=*/false);
  if (!lease.is_object() || !lease.contains("boot_id") || !lease["boot_id"].is_string() ||
      !lease.contains("deadline_ns") || !lease["deadline_ns"].is_number_integer()) {
    return "the lease file is not {\"boot_id\", \"deadline_ns\"}";
  }
  if (lease["boot_id"].get<std::string>() != boot_id) return "it is of another boot of this host";
  absl::Duration deadline = absl::Nanoseconds(lease["deadline_ns"].get<int64_t>());
  if (since_boot < deadline) return "";
  return absl::StrCat("its deadline passed ", absl::FormatDuration(since_boot - deadline), " ago");
}

absl::Duration NextLook(std::string_view lease_json, absl::Duration since_boot) {
  const auto lease = nlohmann::json::parse(lease_json, nullptr, /*allow_exceptions=*/false);
  if (!lease.is_object() || !lease.contains("deadline_ns")) return kInterval;
  const absl::Duration left = absl::Nanoseconds(lease["deadline_ns"].get<int64_t>()) - since_boot;
  return std::clamp(left, kShortest, kInterval);
}

void EndWithLease(const std::filesystem::path& lease_file, const Clock& clock) {
  std::string boot_id = BootId();
  absl::Duration pause = Check(lease_file, boot_id, clock);
  std::thread([lease_file, boot_id, pause, &clock]() mutable {
    while (true) {
      std::this_thread::sleep_for(absl::ToChronoNanoseconds(pause));
      pause = Check(lease_file, boot_id, clock);
    }
  }).detach();
}

}  // namespace fp4::trainer
