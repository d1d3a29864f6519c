// From what people type to the one object they mean.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/store/connection.h"

namespace fp4::store {

// An object's internal and public key.
struct Key {
  int64_t row = 0;
  std::string id;
};

// The one object whose id is `prefix` or begins with it: NOT_FOUND when there is none (an empty
// prefix fits nothing), INVALID_ARGUMENT AMBIGUOUS_ID when there are several. What has been deleted
// is not found.
absl::StatusOr<Key> FindExperiment(Connection& connection, std::string_view prefix);
absl::StatusOr<Key> FindRun(Connection& connection, std::string_view prefix);

}  // namespace fp4::store
