// A private authority in a folder, and the certificates that it signs. Enough for a lab; whoever
// has an authority of his own uses that.
//
//   DIR/authority.pem            goes to everybody
//   DIR/authority.key            stays here
//   DIR/controller.pem, .key     for --tls-certificate and --tls-key of fp4-controller
//   DIR/worker-NAME.pem, .key    for those of fp4-worker on its host
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tls/files.h"

namespace fp4::tls {

struct Lifetimes {
  absl::Duration authority = 3650 * absl::Hours(24);
  absl::Duration certificate = 365 * absl::Hours(24);
};

// Keys are of the curve P-256; files that hold one have the mode 0600. Used by one thread.
class Authority {
 public:
  // Of the folder; made if absent, with the folder (mode 0700).
  static absl::StatusOr<Authority> OpenOrMake(const std::filesystem::path& folder,
                                              const Lifetimes& lifetimes, absl::Time now);

  // A new key and certificate; those of before are replaced. `names`: under which clients reach the
  // controller, host names and addresses, at least one.
  absl::StatusOr<Files> IssueController(const std::vector<std::string>& names,
                                        absl::Time now) const;
  // `name` becomes the worker's identity. INVALID_ARGUMENT: it is none (IsIdentityName).
  absl::StatusOr<Files> IssueWorker(const std::string& name, absl::Time now) const;

 private:
  Authority(std::filesystem::path folder, Lifetimes lifetimes)
      : folder_(std::move(folder)), lifetimes_(lifetimes) {}

  struct Request;
  absl::StatusOr<Files> Issue(const Request& request, absl::Time now) const;

  std::filesystem::path folder_;
  Lifetimes lifetimes_;
};

}  // namespace fp4::tls
