// One connection to the database, and statements on it that read like function calls.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"

namespace SQLite {
class Database;
class Statement;
}  // namespace SQLite

namespace fp4::store {

// Used by one thread at a time. Its functions, and Query's, throw SQLite::Exception; callers turn
// that into a status at the store's boundary (errors.h).
class Connection {
 public:
  enum class Mode { kWrite, kRead };
  // kWrite makes the file if absent: WAL, synchronous=FULL, foreign keys on. kRead cannot write.
  Connection(const std::filesystem::path& file, Mode mode);
  ~Connection();

  // Goes on with a new handle, after an error that the old one may repeat for ever. Throws when the
  // file cannot be opened; the old handle stays then. No Query lives.
  void Reopen();
  // A transaction that writes and changes nothing. Throws when the database cannot be written.
  void Probe();

  // Copies the whole database, as it is at one moment, to a file that is not there yet, synced.
  // Other connections go on meanwhile.
  absl::Status CopyTo(const std::filesystem::path& target);

  SQLite::Database& database() { return *database_; }
  void Execute(const char* sql);
  // Rows that the last INSERT, UPDATE or DELETE changed.
  int64_t Changes();
  int64_t LastRow();
  // Inside BEGIN … COMMIT.
  bool InTransaction();

 private:
  friend class Query;
  std::unique_ptr<SQLite::Database> Open() const;
  // The statement of this text, prepared once; `sql` is a literal: its address is the key. Taken
  // out while it is used, so that a nested use of the same text gets one of its own.
  std::unique_ptr<SQLite::Statement> Take(const char* sql);
  void GiveBack(const char* sql, std::unique_ptr<SQLite::Statement> statement);

  const std::filesystem::path file_;
  const Mode mode_;
  std::unique_ptr<SQLite::Database> database_;
  std::multimap<const char*, std::unique_ptr<SQLite::Statement>> idle_;
};

// One execution of a statement:
//   Query query(db, "SELECT id FROM runs WHERE experiment = ?", experiment);
//   while (query.Next()) ids.push_back(query.Text(0));
// or, where no rows come back: Query(db, "DELETE …", row).Run();
class Query {
 public:
  template <typename... Values>
  Query(Connection& connection, const char* sql, const Values&... values)
      : Query(Prepared{}, connection, sql) {
    int index = 0;
    (Bind(++index, values), ...);
  }
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  bool Next();
  // Runs a statement that gives no rows.
  void Run();

  int64_t Int(int column) const;
  double Real(int column) const;
  std::string Text(int column) const;
  bool IsNull(int column) const;
  std::optional<int64_t> OptionalInt(int column) const;

 private:
  struct Prepared {};
  Query(Prepared, Connection& connection, const char* sql);

  void Bind(int index, int64_t value);
  void Bind(int index, int32_t value) { Bind(index, int64_t{value}); }
  void Bind(int index, double value);
  void Bind(int index, std::string_view value);
  void Bind(int index, const std::string& value) { Bind(index, std::string_view(value)); }
  void Bind(int index, const char* value) { Bind(index, std::string_view(value)); }
  void Bind(int index, std::nullopt_t);
  template <typename Value>
  void Bind(int index, const std::optional<Value>& value) {
    value ? Bind(index, *value) : Bind(index, std::nullopt);
  }

  Connection& connection_;
  const char* const sql_;
  std::unique_ptr<SQLite::Statement> statement_;
};

// A read transaction: what is read while it lives belongs to one moment.
class Snapshot {
 public:
  explicit Snapshot(Connection& connection);
  ~Snapshot();
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

 private:
  Connection& connection_;
};

}  // namespace fp4::store
