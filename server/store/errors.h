// The store's errors, each with its reason.
#pragma once

#include <exception>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace fp4::store {

// UNAVAILABLE STORAGE with the database's words: a full disk, a broken file.
absl::Status StorageError(const std::exception& error);
absl::Status ShuttingDownError();
// `kind` is "experiment" or "run".
absl::Status NotFoundError(std::string_view kind, std::string_view id);
absl::Status AmbiguousIdError(std::string_view kind, std::string_view id);

// Runs `body`, which returns a Status or StatusOr, and turns what SQLite throws into StorageError.
template <typename Body>
auto WithoutExceptions(const Body& body) -> decltype(body()) {
  try {
    return body();
  } catch (const std::exception& error) {
    return StorageError(error);
  }
}

}  // namespace fp4::store
