#pragma once

#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "client/exit_code.h"

namespace fp4::client {

// Says on `err` what went wrong and what to do next, and how the program shall exit.
// `document_name` stands before the problems of a document.
ExitCode ReportError(const absl::Status& status, std::ostream& err,
                     const std::string& document_name = "document");

// An error of a document whose problems have been printed already.
absl::Status BadDocument();

}  // namespace fp4::client
