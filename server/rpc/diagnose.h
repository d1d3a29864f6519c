// What `fp4ctl doctor` is told by the controller. Pure.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/store/records.h"

namespace fp4::rpc {

struct Diagnosis {
  std::string check;    // a stable word
  std::string subject;  // "controller", or a worker's name
  bool ok = true;
  std::string message;  // what was found, for people
};

struct Disk {
  std::string name;  // "--data-dir /var/lib/fp4"
  int64_t free_bytes = 0, total_bytes = 0;
};

struct CertificateEnd {
  std::string name;  // "--tls-certificate tls/controller.pem"
  absl::StatusOr<absl::Time> not_after;
};

// What was seen.
struct Observations {
  std::string version;
  absl::Status database;                                  // whether it can be written
  absl::StatusOr<std::string> integrity = std::string();  // what SQLite's check says: "ok"
  std::vector<absl::StatusOr<Disk>> disks;
  int64_t min_free_bytes = 0;
  std::vector<store::WorkerRecord> workers;
  std::vector<CertificateEnd> certificates;  // of TLS; none: plain text
  absl::Time now;
};

// Clocks further apart than this make times hard to compare, and are seldom meant.
inline constexpr absl::Duration kMaxClockSkew = absl::Seconds(2);

// A certificate that ends within so long is to be replaced.
inline constexpr absl::Duration kCertificateNotice = absl::Hours(30 * 24);

std::vector<Diagnosis> Diagnose(const Observations& seen);

}  // namespace fp4::rpc
