// What is in a certificate, and whether it is good.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tls/files.h"

namespace fp4::tls {

struct Certificate {
  std::string subject;             // "CN = lab"
  std::vector<std::string> names;  // host names and addresses that it is good for
  std::vector<std::string> uris;
  absl::Time not_before, not_after;
};

// The first one of a text in PEM form. INVALID_ARGUMENT: it holds none.
absl::StatusOr<Certificate> ReadCertificate(std::string_view pem);
absl::StatusOr<Certificate> ReadCertificateFile(const std::filesystem::path& file);

// The name of the worker whose certificate stands first in `chain` (PEM), if it was signed by one
// of `authority` (PEM), may be used by clients, is valid at `now`, and has a worker's name
// (worker_uri.h). UNAUTHENTICATED says which of these it is not.
absl::StatusOr<std::string> VerifyWorker(std::string_view chain, std::string_view authority,
                                         absl::Time now);

}  // namespace fp4::tls
