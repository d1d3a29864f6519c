#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Returns from the calling function when `expression` (a Status) is an error.
#define FP4_RETURN_IF_ERROR(expression)                                              \
  do {                                                                               \
    if (absl::Status fp4_status = (expression); !fp4_status.ok()) return fp4_status; \
  } while (false)

// `target` = the value of `expression` (a StatusOr); returns from the calling function when it is
// an error.
#define FP4_ASSIGN_OR_RETURN(target, expression) \
  FP4_ASSIGN_OR_RETURN_IMPL(FP4_CONCAT(fp4_status_or_, __LINE__), target, expression)

#define FP4_CONCAT_INNER(a, b) a##b
#define FP4_CONCAT(a, b) FP4_CONCAT_INNER(a, b)
// The names cannot stand in parentheses: one is declared, `target` may be a declaration.
// NOLINTBEGIN(bugprone-macro-parentheses)
#define FP4_ASSIGN_OR_RETURN_IMPL(name, target, expression) \
  auto name = (expression);                                 \
  if (!name.ok()) return std::move(name).status();          \
  target = *std::move(name)
// NOLINTEND(bugprone-macro-parentheses)
