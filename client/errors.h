// Errors of fp4ctl: which exit status they mean, and what is printed for them.
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

// `status` with the exit status that it means, where its code and reason do not say it.
absl::Status WithExitCode(absl::Status status, ExitCode code);

// UNAVAILABLE, exit status 3: nobody answers as a controller does.
absl::Status Unreachable(const std::string& message);
// NOT_FOUND, exit status 4: something of that name does not exist on the controller.
absl::Status NoSuch(const std::string& message);
// An error of a document whose problems have been printed already.
absl::Status BadDocument();

// How the program exits for `status`, which is not OK:
//   what WithExitCode has set, else
//   NOT_FOUND with the reason of that name      4
//   INVALID_ARGUMENT                            2
//   a controller that says that it shuts down   3
//   all else, a full disk of its too            1
ExitCode ExitCodeFor(const absl::Status& status);

}  // namespace fp4::client
