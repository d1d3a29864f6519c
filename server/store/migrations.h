// The database's schema over time. A migration is one file of migrations/, numbered from 0001, and
// is never changed once released; docs/how-to-add-a-migration.md.
#pragma once

#include <filesystem>
#include <span>

#include "absl/status/status.h"
#include "server/store/connection.h"

namespace fp4::store {

struct Migration {
  const char* name;  // "0001_initial.sql"
  const char* sql;
};

// In order; the n-th makes version n (user_version).
std::span<const Migration> EmbeddedMigrations();

// Brings the database to the newest of `migrations`, each in a transaction of its own.
// FAILED_PRECONDITION: the database is newer than that. A database that already has a version is
// first copied to `backup_folder`/fp4.db.before-VERSION (with the version it will get).
absl::Status Migrate(Connection& connection, std::span<const Migration> migrations,
                     const std::filesystem::path& backup_folder);

}  // namespace fp4::store
