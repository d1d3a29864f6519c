#include "server/rpc/diagnose.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace fp4::rpc {
namespace {

constexpr char kController[] = "controller";

std::string Gib(int64_t bytes) {
  return absl::StrFormat("%.1f GiB", static_cast<double>(bytes) / (int64_t{1} << 30));
}

std::string Space(int64_t free, int64_t total) {
  return absl::StrCat(Gib(free), " of ", Gib(total), " left");
}

std::string Text(const absl::Status& status) { return std::string(status.message()); }

Diagnosis OfDisk(const absl::StatusOr<Disk>& disk, int64_t min_free_bytes) {
  if (!disk.ok()) return {"disk", kController, false, Text(disk.status())};
  const bool enough = disk->free_bytes >= min_free_bytes;
  return {"disk", kController, enough,
          absl::StrCat(disk->name, ": ", Space(disk->free_bytes, disk->total_bytes),
                       enough ? "" : absl::StrCat("; less than ", Gib(min_free_bytes)))};
}

Diagnosis OfCertificate(const CertificateEnd& certificate, absl::Time now) {
  if (!certificate.not_after.ok()) {
    return {"certificate", kController, false, Text(certificate.not_after.status())};
  }
  const absl::Duration left = *certificate.not_after - now;
  const std::string end =
      absl::FormatTime("%Y-%m-%d %H:%M:%S", *certificate.not_after, absl::UTCTimeZone());
  return {
      "certificate", kController, left > kCertificateNotice,
      absl::StrCat(certificate.name, left <= absl::ZeroDuration() ? ": has ended " : ": ends ", end,
                   " UTC",
                   left > kCertificateNotice
                       ? ""
                       : "; `fp4ctl admin certificates` makes a new one, read without a restart")};
}

Diagnosis OfConnection(const store::WorkerRecord& worker) {
  if (!worker.connected) {
    return {
        "connection", worker.name, false,
        absl::StrCat("last seen ",
                     absl::FormatTime("%Y-%m-%d %H:%M:%S", worker.last_seen, absl::UTCTimeZone()),
                     " UTC; `fp4ctl forget` takes one off the list that is gone for good")};
  }
  // A drained worker is as somebody wants it.
  const bool ok = worker.problem.empty() || worker.drain != core::Drain::kNone;
  return {"connection", worker.name, ok, worker.problem.empty() ? "connected" : worker.problem};
}

Diagnosis OfVersion(const store::WorkerRecord& worker, const std::string& version) {
  const bool same = worker.version == version;
  return {"version", worker.name, same,
          same ? worker.version : absl::StrCat(worker.version, "; the controller's is ", version)};
}

Diagnosis OfClock(const store::WorkerRecord& worker) {
  const absl::Duration ahead = worker.host_facts->clock_ahead;
  const absl::Duration apart = std::max(ahead, -ahead);
  const std::string text =
      absl::StrCat(absl::FormatDuration(absl::Trunc(apart, absl::Milliseconds(1))),
                   ahead < absl::ZeroDuration() ? " behind" : " ahead of", " the controller's");
  return {"clock", worker.name, apart <= kMaxClockSkew, text};
}

Diagnosis OfSlots(const store::WorkerRecord& worker) {
  const auto gpus = std::ranges::count(worker.slots, core::SlotKind::kGpu, &core::Slot::kind);
  return {"slots", worker.name, !worker.slots.empty(),
          absl::StrCat(worker.slots.size() - gpus, " CPU, ", gpus, " GPU")};
}

void AddWorker(const store::WorkerRecord& worker, const std::string& version,
               std::vector<Diagnosis>& all) {
  all.push_back(OfConnection(worker));
  all.push_back(OfVersion(worker, version));
  all.push_back(OfSlots(worker));
  if (!worker.connected || !worker.host_facts) return;
  all.push_back(OfClock(worker));
  // How little is too little, the worker knows and says in its problem.
  all.push_back({"disk", worker.name, worker.host_facts->free_bytes > 0,
                 Space(worker.host_facts->free_bytes, worker.host_facts->total_bytes)});
}

}  // namespace

std::vector<Diagnosis> Diagnose(const Observations& seen) {
  std::vector<Diagnosis> all = {{"version", kController, true, seen.version}};
  all.push_back({"database", kController, seen.database.ok(),
                 seen.database.ok() ? "takes writes" : Text(seen.database)});
  const bool intact = seen.integrity.ok() && *seen.integrity == "ok";
  all.push_back({"integrity", kController, intact,
                 seen.integrity.ok() ? *seen.integrity : Text(seen.integrity.status())});
  for (const absl::StatusOr<Disk>& disk : seen.disks) {
    all.push_back(OfDisk(disk, seen.min_free_bytes));
  }
  for (const CertificateEnd& certificate : seen.certificates) {
    all.push_back(OfCertificate(certificate, seen.now));
  }
  all.push_back({"workers", kController, !seen.workers.empty(),
                 absl::StrCat(seen.workers.size(), " registered")});
  for (const store::WorkerRecord& worker : seen.workers) AddWorker(worker, seen.version, all);
  return all;
}

}  // namespace fp4::rpc
