// What is read about access: tokens, the audit, whose an id is.
#include "base/status_macros.h"
#include "server/store/access_rows.h"
#include "server/store/errors.h"
#include "server/store/lookup.h"
#include "server/store/reader.h"

namespace fp4::store {

absl::StatusOr<std::vector<access::TokenRecord>> Reader::ListTokens() {
  return WithoutExceptions(
      [&]() -> absl::StatusOr<std::vector<access::TokenRecord>> { return ReadTokens(db_); });
}

absl::StatusOr<std::vector<access::AuditEntry>> Reader::ListAudit(int64_t before, int limit) {
  return WithoutExceptions([&]() -> absl::StatusOr<std::vector<access::AuditEntry>> {
    return ReadAudit(db_, before, limit);
  });
}

absl::StatusOr<OwnedId> Reader::ProjectOfExperiment(std::string_view id) {
  return WithoutExceptions([&]() -> absl::StatusOr<OwnedId> {
    FP4_ASSIGN_OR_RETURN(const Key key, FindExperiment(db_, id));
    Query query(db_, "SELECT project FROM experiments WHERE row = ?", key.row);
    if (!query.Next()) return NotFoundError("experiment", id);
    return OwnedId{key.id, query.Text(0)};
  });
}

absl::StatusOr<OwnedId> Reader::ProjectOfRun(std::string_view id) {
  return WithoutExceptions([&]() -> absl::StatusOr<OwnedId> {
    FP4_ASSIGN_OR_RETURN(const Key key, FindRun(db_, id));
    Query query(db_,
                "SELECT project FROM experiments JOIN runs ON runs.experiment = experiments.row "
                "WHERE runs.row = ?",
                key.row);
    if (!query.Next()) return NotFoundError("run", id);
    return OwnedId{key.id, query.Text(0)};
  });
}

absl::StatusOr<bool> Reader::HasAttemptOf(const std::string& owner, const std::string& run_id,
                                          const std::string& worker_id, bool ever) {
  return WithoutExceptions([&]() -> absl::StatusOr<bool> {
    Query query(db_,
                "SELECT 1 FROM attempts JOIN runs ON runs.row = attempts.run "
                "JOIN workers ON workers.row = attempts.worker "
                "WHERE runs.id = ? AND workers.owner = ? AND (? = '' OR workers.id = ?) "
                "AND (? OR attempts.ended_ms IS NULL) LIMIT 1",
                run_id, owner, worker_id, worker_id, int64_t{ever});
    return query.Next();
  });
}

}  // namespace fp4::store
