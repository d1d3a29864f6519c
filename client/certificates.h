// `fp4ctl admin certificates`: a private authority's files for a controller and its workers.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/context.h"
#include "client/exit_code.h"

namespace fp4::client {

struct CertificateOptions {
  std::string folder;
  std::vector<std::string> names;  // of the controller's host; none: its certificate is left alone
  std::vector<std::string> workers;  // to make certificates for
  int64_t days = 365;
};

// Makes what is asked for on this machine, without a controller.
absl::StatusOr<ExitCode> MakeCertificates(const CertificateOptions& options, Context& context);

}  // namespace fp4::client
