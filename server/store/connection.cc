#include "server/store/connection.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "base/file.h"

namespace fp4::store {
namespace {

constexpr int kBusyTimeoutMs = 5000;
constexpr size_t kMaxIdleStatements = 200;

int OpenFlags(Connection::Mode mode) {
  return mode == Connection::Mode::kWrite ? SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE
                                          : SQLite::OPEN_READONLY;
}

}  // namespace

Connection::Connection(const std::filesystem::path& file, Mode mode)
    : file_(file), mode_(mode), database_(Open()) {}

std::unique_ptr<SQLite::Database> Connection::Open() const {
  auto database =
      std::make_unique<SQLite::Database>(file_.string(), OpenFlags(mode_), kBusyTimeoutMs);
  database->exec("PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -4096");
  if (mode_ == Mode::kRead) return database;
  database->exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  // The log is cut back to this size after a checkpoint that follows a large transaction.
  database->exec("PRAGMA journal_size_limit = 16777216");
  return database;
}

void Connection::Reopen() {
  std::unique_ptr<SQLite::Database> fresh = Open();
  idle_.clear();  // statements end before their database
  database_ = std::move(fresh);
}

void Connection::Probe() {
  database_->exec("BEGIN IMMEDIATE");
  try {
    // SQLite opens a file that it may not write for reading only, and says so at the first write.
    database_->exec("UPDATE counters SET value = value WHERE name = 'cursor'");
    database_->exec("COMMIT");
  } catch (...) {
    if (InTransaction()) (void)database_->tryExec("ROLLBACK");
    throw;
  }
}

absl::Status Connection::CopyTo(const std::filesystem::path& target) {
  Query(*this, "VACUUM INTO ?", target.string()).Run();
  const UniqueFd fd(open(target.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.valid() && fsync(fd.get()) == 0) return absl::OkStatus();
  return ErrnoStatus(errno, absl::StrCat("fsync ", target.string()));
}

Connection::~Connection() = default;

void Connection::Execute(const char* sql) { database_->exec(sql); }

int64_t Connection::Changes() { return sqlite3_changes64(database_->getHandle()); }

int64_t Connection::LastRow() { return sqlite3_last_insert_rowid(database_->getHandle()); }

bool Connection::InTransaction() { return sqlite3_get_autocommit(database_->getHandle()) == 0; }

std::unique_ptr<SQLite::Statement> Connection::Take(const char* sql) {
  auto found = idle_.find(sql);
  if (found == idle_.end()) return std::make_unique<SQLite::Statement>(*database_, sql);
  return std::move(idle_.extract(found).mapped());
}

void Connection::GiveBack(const char* sql, std::unique_ptr<SQLite::Statement> statement) {
  // sqlite3_reset repeats the error of the failed step, which has been thrown already.
  (void)statement->tryReset();
  statement->clearBindings();
  if (idle_.size() < kMaxIdleStatements) idle_.emplace(sql, std::move(statement));
}

Query::Query(Prepared, Connection& connection, const char* sql)
    : connection_(connection), sql_(sql), statement_(connection.Take(sql)) {}

Query::~Query() { connection_.GiveBack(sql_, std::move(statement_)); }

bool Query::Next() { return statement_->executeStep(); }

void Query::Run() { statement_->exec(); }

int64_t Query::Int(int column) const { return statement_->getColumn(column).getInt64(); }

double Query::Real(int column) const { return statement_->getColumn(column).getDouble(); }

std::string Query::Text(int column) const { return statement_->getColumn(column).getString(); }

bool Query::IsNull(int column) const { return statement_->getColumn(column).isNull(); }

std::optional<int64_t> Query::OptionalInt(int column) const {
  return IsNull(column) ? std::nullopt : std::optional(Int(column));
}

void Query::Bind(int index, int64_t value) { statement_->bind(index, value); }

void Query::Bind(int index, double value) { statement_->bind(index, value); }

void Query::Bind(int index, std::string_view value) { statement_->bind(index, std::string(value)); }

void Query::Bind(int index, std::nullopt_t) { statement_->bind(index); }

Snapshot::Snapshot(Connection& connection) : connection_(connection) {
  connection_.Execute("BEGIN");
}

Snapshot::~Snapshot() { (void)connection_.database().tryExec("COMMIT"); }

}  // namespace fp4::store
