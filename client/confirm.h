// What destroys something asks first.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "client/context.h"

namespace fp4::client {

// OK when a person says yes to `question` ("Delete experiment …?"). FAILED_PRECONDITION where there
// is no terminal to ask on; CANCELLED for any other answer. Asks on the context's `err`, so that
// the results of a pipe stay clean.
absl::Status Confirm(const std::string& question, Context& context);

// INVALID_ARGUMENT for an id so short that a slip of the finger could name something else; `verb`
// is the command that wants more.
absl::Status CheckIdIsLongEnough(const std::string& id, const std::string& verb);

}  // namespace fp4::client
