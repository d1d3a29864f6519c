#include "server/store/migrations.h"

#include "base/file.h"
#include "gmock/gmock.h"
#include "tests/server/store/store_fixture.h"

namespace fp4::store::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class MigrationsTest : public ::testing::Test {
 protected:
  Connection Open(const char* name) {
    return Connection(folder_.path() / name, Connection::Mode::kWrite);
  }
  static std::vector<std::string> Column(Connection& connection, const char* sql) {
    std::vector<std::string> values;
    Query query(connection, sql);
    while (query.Next()) values.push_back(query.Text(0));
    return values;
  }
  static std::vector<std::string> Schema(Connection& connection) {
    return Column(connection, "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name");
  }

  TempFolder folder_;
};

// A database as each released version left it: tests/server/store/released/VERSION.sql.
TEST_F(MigrationsTest, EveryReleasedDatabaseBecomesTheNewestWithItsRowsKept) {
  const auto migrations = EmbeddedMigrations();
  Connection fresh = Open("fresh.db");
  ASSERT_EQ(Migrate(fresh, migrations, folder_.path()), absl::OkStatus());
  for (size_t version = 1; version <= migrations.size(); ++version) {
    SCOPED_TRACE(version);
    const auto dump =
        ReadFile(FP4_SOURCE_DIR "/tests/server/store/released/" + std::to_string(version) + ".sql");
    ASSERT_TRUE(dump.ok()) << "each migration needs a dump: docs/how-to-add-a-migration.md";
    Connection old = Open(("old" + std::to_string(version) + ".db").c_str());
    old.Execute(dump->c_str());
    ASSERT_EQ(Migrate(old, migrations, folder_.path()), absl::OkStatus());
    EXPECT_EQ(Schema(old), Schema(fresh));
    EXPECT_THAT(Column(old, "SELECT id FROM runs"), ElementsAre("run00001"));
    EXPECT_THAT(Column(old, "SELECT value FROM points"), ElementsAre("2.5"));
    EXPECT_THAT(Column(old, "PRAGMA foreign_key_check"), ElementsAre());
  }
}

TEST_F(MigrationsTest, ADatabaseFromTheFutureIsRefused) {
  Connection connection = Open("future.db");
  connection.Execute("PRAGMA user_version = 999");
  const absl::Status status = Migrate(connection, EmbeddedMigrations(), folder_.path());
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("version 999"));
}

const Migration kTwoSteps[] = {{"0001_a.sql", "CREATE TABLE a (x); INSERT INTO a VALUES (7);"},
                               {"0002_b.sql", "CREATE TABLE b (y);"}};

TEST_F(MigrationsTest, ADatabaseThatIsMigratedIsCopiedFirst) {
  Connection connection = Open("fp4.db");
  ASSERT_EQ(Migrate(connection, std::span(kTwoSteps).first(1), folder_.path()), absl::OkStatus());
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "fp4.db.before-1"));
  ASSERT_EQ(Migrate(connection, kTwoSteps, folder_.path()), absl::OkStatus());
  Connection copy = Open("fp4.db.before-2");
  EXPECT_THAT(Column(copy, "SELECT x FROM a"), ElementsAre("7"));
  EXPECT_THAT(Column(copy, "PRAGMA user_version"), ElementsAre("1"));
  EXPECT_THAT(Schema(copy), ::testing::SizeIs(1));
}

TEST_F(MigrationsTest, AMigrationThatFailsLeavesTheVersionBeforeIt) {
  const Migration migrations[] = {
      kTwoSteps[0], {"0002_bad.sql", "CREATE TABLE b (y); SELECT no_such_function();"}};
  Connection connection = Open("fp4.db");
  EXPECT_FALSE(Migrate(connection, migrations, folder_.path()).ok());
  EXPECT_THAT(Column(connection, "PRAGMA user_version"), ElementsAre("1"));
  EXPECT_THAT(Column(connection, "SELECT name FROM sqlite_schema"), ElementsAre("a"));
}

}  // namespace
}  // namespace fp4::store::testing
