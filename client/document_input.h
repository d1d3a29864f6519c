#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/context.h"
#include "client/verb.h"
#include "spec/document.h"

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

// INVALID_ARGUMENT when the document has relative paths and its folder a name that is not UTF-8:
// the paths could not be written into a document. The text itself is UTF-8.
absl::Status CheckFolder(const DocumentInput& document);

// Says what is wrong with the document on the context's `err`, one problem a line. Gives
// BadDocument.
absl::Status PrintProblems(const std::vector<spec::Problem>& problems,
                           const DocumentInput& document, Context& context);

// What every verb that takes a document has: FILE, and --set.
Option DocumentArgument(std::string& file);
Option SetOption(std::vector<std::string>& overrides);

}  // namespace fp4::client
