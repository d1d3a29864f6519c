#include "client/doctor.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "base/gpu.h"
#include "base/version.h"
#include "client/operations.h"
#include "wire/times.h"

namespace fp4::client {
namespace {

namespace fs = std::filesystem;

constexpr char kHere[] = "this machine";
constexpr absl::Duration kMaxClockSkew = absl::Seconds(2);
constexpr absl::Duration kTokenNotice = absl::Hours(7 * 24);
constexpr double kMinFreeShare = 0.02;

v1::Diagnosis Found(const std::string& check, const std::string& subject, bool ok,
                    const std::string& message) {
  v1::Diagnosis diagnosis;
  diagnosis.set_check(check);
  diagnosis.set_subject(subject);
  diagnosis.set_ok(ok);
  diagnosis.set_message(message);
  return diagnosis;
}

// The client alone is a whole installation too; a program that is there and may not be started is
// none.
v1::Diagnosis Programs(const fs::path& folder) {
  std::vector<std::string> there, broken;
  for (const char* name : {"fp4-controller", "fp4-worker", "fp4-train"}) {
    std::error_code error;
    if (!fs::exists(folder / name, error)) continue;
    (access((folder / name).c_str(), X_OK) == 0 ? there : broken).emplace_back(name);
  }
  std::string message = absl::StrCat(folder.string(), ": fp4ctl");
  for (const std::string& name : there) absl::StrAppend(&message, ", ", name);
  for (const std::string& name : broken) {
    absl::StrAppend(&message, "; ", name, " may not be executed");
  }
  return Found("programs", kHere, broken.empty(), message);
}

// The folder of the local daemons, or where it would be made.
v1::Diagnosis Disk(fs::path folder) {
  std::error_code error;
  while (!fs::exists(folder, error) && folder.has_parent_path() && folder != folder.root_path()) {
    folder = folder.parent_path();
  }
  const fs::space_info space = fs::space(folder, error);
  if (error) {
    return Found("disk", kHere, false, absl::StrCat(folder.string(), ": ", error.message()));
  }
  const double share = static_cast<double>(space.available) / static_cast<double>(space.capacity);
  const bool writable = access(folder.c_str(), W_OK) == 0;
  return Found("disk", kHere, share > kMinFreeShare && writable,
               absl::StrFormat("%s: %.1f GiB left%s", folder.string(),
                               static_cast<double>(space.available) / (1 << 30),
                               writable ? "" : "; it may not be written to"));
}

v1::Diagnosis Gpus() {
  const absl::StatusOr<std::unique_ptr<GpuLibrary>> library = LoadGpuLibrary();
  if (absl::IsNotFound(library.status())) return Found("gpus", kHere, true, "no NVIDIA driver");
  if (!library.ok()) return Found("gpus", kHere, false, std::string(library.status().message()));
  std::string message = absl::StrCat((*library)->gpus().size(), " found");
  for (const GpuInfo& gpu : (*library)->gpus()) absl::StrAppend(&message, ", ", gpu.name);
  return Found("gpus", kHere, true, message);
}

v1::Diagnosis Clock(absl::Time before, absl::Time theirs, absl::Time after) {
  // Theirs was read between the two.
  absl::Duration apart = absl::ZeroDuration();
  if (theirs < before) apart = before - theirs;
  if (theirs > after) apart = theirs - after;
  return Found("clock", "controller", apart <= kMaxClockSkew,
               absl::StrCat("apart from this machine's by ",
                            absl::FormatDuration(absl::Trunc(apart, absl::Milliseconds(1)))));
}

v1::Diagnosis Identity(Operations& operations) {
  const absl::StatusOr<v1::WhoAmIResponse> who = operations.WhoAmI();
  if (absl::IsUnimplemented(who.status())) {  // of an earlier release
    return Found("identity", kHere, true, "nobody is asked who he is");
  }
  if (!who.ok()) return Found("identity", kHere, false, std::string(who.status().message()));
  if (who->name().empty()) return Found("identity", kHere, true, "nobody is asked who he is");
  const std::string name = absl::StrCat(who->name(), ", ", who->role());
  if (!who->has_expire_time()) return Found("identity", kHere, true, name);
  const absl::Time end = wire::FromProto(who->expire_time());
  return Found("identity", kHere, end - absl::Now() > kTokenNotice,
               absl::StrCat(name, "; the token expires ",
                            absl::FormatTime("%Y-%m-%d %H:%M", end, absl::UTCTimeZone()), " UTC"));
}

void AskController(const Context& context, std::vector<v1::Diagnosis>& all) {
  const absl::StatusOr<std::string> address = context.Address();
  if (!address.ok()) {
    all.push_back(Found("address", "controller", false, std::string(address.status().message())));
    return;
  }
  const absl::StatusOr<wire::ChannelSecurity> security = context.Security();
  if (!security.ok()) {
    all.push_back(Found("identity", kHere, false, std::string(security.status().message())));
    return;
  }
  Operations operations(*address, *security);
  const absl::Time before = absl::Now();
  const absl::StatusOr<v1::DiagnoseResponse> told = operations.Diagnose();
  const absl::Time after = absl::Now();
  all.push_back(
      Found("address", "controller", told.ok(),
            told.ok() ? absl::StrCat(*address, " answers") : std::string(told.status().message())));
  if (!told.ok()) return;
  all.push_back(Identity(operations));
  const std::string version(Version());
  all.push_back(Found("version", "fp4ctl", told->version() == version,
                      told->version() == version
                          ? version
                          : absl::StrCat(version, "; the controller's is ", told->version())));
  all.push_back(Clock(before, wire::FromProto(told->time()), after));
  all.insert(all.end(), told->diagnoses().begin(), told->diagnoses().end());
}

}  // namespace

std::vector<v1::Diagnosis> Examine(const Context& context) {
  std::vector<v1::Diagnosis> all = {Programs(context.binary_folder), Disk(context.state_folder),
                                    Gpus()};
  AskController(context, all);
  return all;
}

}  // namespace fp4::client
