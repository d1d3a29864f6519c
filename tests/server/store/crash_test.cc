// kill -9, again and again: what was acknowledged is there afterwards.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <string>

#include "gmock/gmock.h"
#include "server/store/connection.h"
#include "tests/server/store/store_fixture.h"

namespace fp4::store::testing {
namespace {

// Starts the child and reads what it prints.
class Child {
 public:
  explicit Child(const std::string& folder) {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    pid_ = fork();
    if (pid_ == 0) {
      dup2(ends[1], STDOUT_FILENO);
      execl(FP4_CRASH_CHILD, FP4_CRASH_CHILD, folder.c_str(), nullptr);
      _exit(127);
    }
    close(ends[1]);
    output_ = fdopen(ends[0], "r");
  }
  ~Child() {
    Kill();
    fclose(output_);
  }

  // The next "word number"; an empty word at the end of the output.
  std::pair<std::string, int64_t> Next() {
    char word[64];
    long number = 0;
    if (std::fscanf(output_, "%63s %ld", word, &number) != 2) return {"", 0};
    return {word, number};
  }
  void Kill() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

 private:
  pid_t pid_ = 0;
  FILE* output_ = nullptr;
};

TEST(CrashTest, NothingAcknowledgedIsLostWhenTheProcessIsKilled) {
  TempFolder folder;
  int64_t acknowledged = 0;
  for (int round = 0; round < 8; ++round) {
    SCOPED_TRACE(round);
    Child child(folder.path().string());
    auto [word, found] = child.Next();
    ASSERT_EQ(word, "found");
    ASSERT_GE(found, acknowledged);
    // One more may have been stored whose acknowledgement was cut off.
    ASSERT_LE(found, acknowledged + 1);
    acknowledged = found;
    for (int i = 0; i < 5 + 3 * round; ++i) {
      const auto [stored, seq] = child.Next();
      ASSERT_EQ(stored, "stored");
      ASSERT_EQ(seq, acknowledged + 1);
      acknowledged = seq;
    }
    child.Kill();
    for (auto [stored, seq] = child.Next(); stored == "stored";
         std::tie(stored, seq) = child.Next()) {
      acknowledged = seq;
    }
  }
  Connection connection(folder.path() / "fp4.db", Connection::Mode::kWrite);
  Query points(connection, "SELECT COUNT(*), MIN(step), MAX(step) FROM points");
  ASSERT_TRUE(points.Next());
  EXPECT_EQ(points.Int(0), points.Int(2)) << "one point for each step";
  EXPECT_EQ(points.Int(1), 1);
  EXPECT_GE(points.Int(2), acknowledged);
  Query check(connection, "PRAGMA integrity_check");
  ASSERT_TRUE(check.Next());
  EXPECT_EQ(check.Text(0), "ok");
}

}  // namespace
}  // namespace fp4::store::testing
