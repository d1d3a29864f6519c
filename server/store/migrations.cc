#include "server/store/migrations.h"

#include "absl/strings/str_cat.h"
#include "base/fault_points.h"
#include "base/file.h"
#include "base/log.h"
#include "base/reasons.h"
#include "base/status_macros.h"
#include "server/store/errors.h"

namespace fp4::store {
namespace {

int64_t Version(Connection& connection) {
  Query query(connection, "PRAGMA user_version");
  query.Next();
  return query.Int(0);
}

// A complete copy, made by the database itself, that appears under its name only when it is.
absl::Status BackUp(Connection& connection, const std::filesystem::path& target) {
  std::filesystem::path partial = target;
  partial += ".partial";
  std::error_code ignored;
  std::filesystem::remove(partial, ignored);
  FP4_RETURN_IF_ERROR(connection.CopyTo(partial));
  std::error_code error;
  std::filesystem::rename(partial, target, error);
  if (error) return ErrnoStatus(error.value(), absl::StrCat("rename ", partial.string()));
  return SyncFolder(target.parent_path());
}

void Apply(Connection& connection, const Migration& migration, int64_t version) {
  connection.Execute("BEGIN IMMEDIATE");
  try {
    connection.Execute(migration.sql);
    DieAt(FaultPoint::kStoreMigration);
    connection.Execute(absl::StrCat("PRAGMA user_version = ", version).c_str());
    connection.Execute("COMMIT");
  } catch (...) {
    if (connection.InTransaction()) connection.Execute("ROLLBACK");
    throw;
  }
}

absl::Status MigrateOrThrow(Connection& connection, std::span<const Migration> migrations,
                            const std::filesystem::path& backup_folder) {
  const int64_t newest = static_cast<int64_t>(migrations.size());
  const int64_t version = Version(connection);
  if (version > newest) {
    return ErrorWithReason(
        absl::StatusCode::kFailedPrecondition, reason::kStorage,
        absl::StrCat("the database has version ", version, ", this program knows up to ", newest,
                     ": it was written by a newer fp4-controller"));
  }
  if (version > 0 && version < newest) {
    FP4_RETURN_IF_ERROR(BackUp(connection, backup_folder / absl::StrCat("fp4.db.before-", newest)));
  }
  for (int64_t next = version + 1; next <= newest; ++next) {
    const Migration& migration = migrations[next - 1];
    Apply(connection, migration, next);
    LogInfo("database migrated", {{"version", next}, {"migration", migration.name}});
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Migrate(Connection& connection, std::span<const Migration> migrations,
                     const std::filesystem::path& backup_folder) {
  return WithoutExceptions([&] { return MigrateOrThrow(connection, migrations, backup_folder); });
}

}  // namespace fp4::store
