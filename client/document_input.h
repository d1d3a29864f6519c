#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/context.h"
#include "client/verb.h"

namespace fp4::client {

// The document that a command names.
struct DocumentInput {
  std::string name;    // before error messages
  std::string text;    // as read
  std::string folder;  // absolute: what its relative paths start from

  // The text with its paths made absolute: what is sent.
  std::string TextWithAbsolutePaths() const;
};

// Reads FILE, or standard input for "-". INVALID_ARGUMENT when it cannot be read.
absl::StatusOr<DocumentInput> ReadDocument(Context& context, const std::string& file);

// What every verb that takes a document has: FILE, and --set.
Option DocumentArgument(std::string& file);
Option SetOption(std::vector<std::string>& overrides);

}  // namespace fp4::client
