#include "server/store/errors.h"

#include "absl/strings/str_cat.h"
#include "base/reasons.h"

namespace fp4::store {

absl::Status StorageError(const std::exception& error) {
  return ErrorWithReason(absl::StatusCode::kUnavailable, reason::kStorage,
                         std::string("the database: ") + error.what());
}

absl::Status ShuttingDownError() {
  return ErrorWithReason(absl::StatusCode::kUnavailable, reason::kShuttingDown,
                         "the controller is shutting down");
}

absl::Status NotFoundError(std::string_view kind, std::string_view id) {
  return ErrorWithReason(absl::StatusCode::kNotFound, reason::kNotFound,
                         absl::StrCat("no ", std::string(kind), " '", std::string(id), "'"));
}

absl::Status AmbiguousIdError(std::string_view kind, std::string_view id) {
  return ErrorWithReason(absl::StatusCode::kInvalidArgument, reason::kAmbiguousId,
                         absl::StrCat("'", std::string(id), "' is the beginning of more than one ",
                                      std::string(kind), "'s id: give more of it"));
}

}  // namespace fp4::store
