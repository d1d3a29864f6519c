#include "trainer/data/token_cache.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <thread>

#include "base/file.h"
#include "base/reasons.h"
#include "tests/trainer_data/scratch_folder.h"
#include "trainer/data/cache_writer.h"

namespace fp4::trainer {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<uint16_t> TokensOf(const TokenDocument& document) {
  std::vector<int64_t> wide(static_cast<size_t>(document.num_tokens));
  EXPECT_TRUE(TokenStream({document}).Copy(0, wide).ok());
  return {wide.begin(), wide.end()};
}

// Counts what it is asked to do.
class CountingTokenizer : public Tokenizer {
 public:
  explicit CountingTokenizer(std::string identity) : identity_(std::move(identity)) {}
  std::string identity() const override { return identity_; }
  int vocabulary() const override { return 512; }
  absl::Status Encode(std::string_view document, std::vector<uint16_t>& ids) const override {
    ++calls;
    for (char c : document) ids.push_back(static_cast<uint16_t>(c) * 2);
    return absl::OkStatus();
  }
  mutable int calls = 0;

 private:
  const std::string identity_;
};

class TokenCacheTest : public ScratchFolderTest {
 protected:
  std::vector<std::filesystem::path> CacheFiles() { return FilesIn(cache_); }
  std::vector<std::filesystem::path> FilesIn(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
      files.push_back(entry.path());
    return files;
  }
  absl::StatusOr<CachedTokens> Load(const std::vector<std::string>& paths) {
    return LoadOrTokenize(*HashFiles(paths), tokenizer_, folders_);
  }

  const std::shared_ptr<CountingTokenizer> tokenizer_ =
      std::make_shared<CountingTokenizer>("double");
  const std::filesystem::path cache_ = folder_ / "cache" / "tokens";
  std::vector<std::filesystem::path> folders_ = {cache_};
};

TEST_F(TokenCacheTest, TokenizesOnceAndFindsTheTokensAgain) {
  const std::vector<std::string> paths = {Write("b", "abc"), Write("empty", ""), Write("a", "z")};
  for (int round = 0; round < 2; ++round) {
    const auto cached = Load(paths);
    ASSERT_TRUE(cached.ok()) << cached.status();
    ASSERT_EQ(cached->documents.size(), 3u);
    EXPECT_THAT(TokensOf(cached->documents[0]), ElementsAre(194, 196, 198));
    EXPECT_THAT(TokensOf(cached->documents[1]), IsEmpty());
    EXPECT_THAT(TokensOf(cached->documents[2]), ElementsAre(244));
    EXPECT_EQ(cached->documents[2].path, paths[2]);
  }
  EXPECT_EQ(tokenizer_->calls, 3);
  EXPECT_EQ(CacheFiles().size(), 1u);  // and nothing temporary
}

TEST_F(TokenCacheTest, FindsByContentNotByPath) {
  ASSERT_TRUE(Load({Write("a", "abc")}).ok());
  ASSERT_TRUE(Load({Write("elsewhere/b", "abc")}).ok());
  EXPECT_EQ(tokenizer_->calls, 1);
}

TEST_F(TokenCacheTest, ChangedContentOrTokenizerIsTokenizedAnew) {
  ASSERT_TRUE(Load({Write("a", "abc")}).ok());
  const auto changed = Load({Write("a", "abd")});
  EXPECT_THAT(TokensOf(changed->documents[0]), ElementsAre(194, 196, 200));
  const auto other = std::make_shared<CountingTokenizer>("other");
  ASSERT_TRUE(LoadOrTokenize(*HashFiles(std::vector{Write("a", "abd")}), other, folders_).ok());
  EXPECT_EQ(tokenizer_->calls, 2);
  EXPECT_EQ(other->calls, 1);
}

TEST_F(TokenCacheTest, ADamagedFileIsReplaced) {
  const std::vector<std::string> paths = {Write("a", "abcdef"), Write("b", "xyz")};
  ASSERT_TRUE(Load(paths).ok());
  const std::filesystem::path cache_file = CacheFiles()[0];
  const std::string whole = *ReadFile(cache_file);
  std::vector<std::string> damaged = {"", whole.substr(0, 50), whole.substr(0, whole.size() - 1),
                                      whole + "x"};
  for (size_t at : {size_t{0}, size_t{8}, size_t{16}, size_t{24}, size_t{90}, whole.size() - 1}) {
    damaged.push_back(whole);
    damaged.back()[at] ^= 1;
  }
  damaged.push_back(whole);
  damaged.back()[23] = '\x7f';  // the number of tokens overflows any size
  for (const std::string& bytes : damaged) {
    ASSERT_TRUE(ReplaceFile(cache_file, bytes).ok());
    const auto cached = Load(paths);
    ASSERT_TRUE(cached.ok()) << cached.status();
    EXPECT_THAT(TokensOf(cached->documents[1]), ElementsAre(240, 242, 244));
    EXPECT_EQ(*ReadFile(cache_file), whole);
  }
}

TEST_F(TokenCacheTest, ManyAtOnceAgree) {
  const std::vector<std::string> paths = {Write("a", std::string(100000, 'a'))};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const auto tokenizer = std::make_shared<CountingTokenizer>("double");
      const auto cached = LoadOrTokenize(*HashFiles(paths), tokenizer, folders_);
      ASSERT_TRUE(cached.ok()) << cached.status();
      EXPECT_EQ(cached->documents[0].num_tokens, 100000);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(CacheFiles().size(), 1u);
}

TEST_F(TokenCacheTest, AFileThatChangesUnderwayIsAnError) {
  std::vector<TextFile> files = *HashFiles(std::vector{Write("a", "abc")});
  Write("a", "abd");
  EXPECT_THAT(LoadOrTokenize(files, tokenizer_, folders_),
              FailsWith(absl::StatusCode::kAborted, "changed while"));
  EXPECT_THAT(CacheFiles(), IsEmpty());
}

TEST_F(TokenCacheTest, FolderThatCannotBeUsedIsPassedOverWithAWarning) {
  const std::filesystem::path bad = Write("file", "") + "/cache";
  folders_ = {bad, cache_};
  const auto cached = Load({Write("a", "abc")});
  ASSERT_TRUE(cached.ok()) << cached.status();
  EXPECT_THAT(TokensOf(cached->documents[0]), ElementsAre(194, 196, 198));
  EXPECT_THAT(cached->warnings, ElementsAre(testing::HasSubstr(bad.string())));
  EXPECT_EQ(CacheFiles().size(), 1u);

  const auto again = Load({Write("a", "abc")});  // found where it is
  EXPECT_EQ(tokenizer_->calls, 1);
  EXPECT_THAT(again->warnings, IsEmpty());
}

TEST_F(TokenCacheTest, FullDiskIsPassedOverAndLeavesNothing) {
  signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  rlimit limit = before;
  limit.rlim_cur = 100;
  const std::vector<TextFile> files = *HashFiles(std::vector{Write("a", std::string(500, 'a'))});
  setrlimit(RLIMIT_FSIZE, &limit);
  const auto cached = LoadOrTokenize(files, tokenizer_, folders_);
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_EQ(ReasonOf(cached.status()), reason::kMachineFault) << cached.status();
  EXPECT_THAT(CacheFiles(), IsEmpty());
}

TEST_F(TokenCacheTest, WhereNoFolderCanBeUsedTheMachineIsToBlame) {
  folders_ = {Write("file", "") + "/cache", folder_ / "file" / "other"};
  const auto result = Load({Write("a", "abc")});
  EXPECT_EQ(ReasonOf(result.status()), reason::kMachineFault);
  EXPECT_THAT(std::string(result.status().message()), testing::HasSubstr("file/other"));
}

TEST_F(TokenCacheTest, FaultOfTheTextIsNotOneOfTheFolder) {
  std::vector<TextFile> files = *HashFiles(std::vector{Write("a", "abc")});
  Write("a", "abd");
  folders_ = {cache_, folder_ / "second"};
  EXPECT_THAT(LoadOrTokenize(files, tokenizer_, folders_),
              FailsWith(absl::StatusCode::kAborted, "changed while"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "second"));
}

// Takes as long as it is told to.
class SlowTokenizer : public Tokenizer {
 public:
  std::string identity() const override { return "slow"; }
  int vocabulary() const override { return 1; }
  absl::Status Encode(std::string_view, std::vector<uint16_t>&) const override {
    started.store(true);
    while (!may_end.load()) std::this_thread::yield();
    ended.store(true);
    return absl::OkStatus();
  }
  mutable std::atomic<bool> started = false, may_end = false, ended = false;
};

TEST_F(TokenCacheTest, StopDoesNotWaitForATokenizer) {
  const auto slow = std::make_shared<SlowTokenizer>();
  const std::vector<TextFile> files =
      *HashFiles(std::vector{Write("a", std::string(1 << 20, 'a'))});
  const auto result = LoadOrTokenize(files, slow, folders_, [&] { return slow->started.load(); });
  EXPECT_TRUE(absl::IsCancelled(result.status())) << result.status();
  EXPECT_FALSE(slow->ended.load());
  EXPECT_THAT(CacheFiles(), IsEmpty());
  slow->may_end = true;
  while (slow.use_count() > 1) std::this_thread::yield();  // its thread has let go of it
}

TEST_F(TokenCacheTest, PruningRemovesWhatKilledProcessesLeftAndKeepsWhatIsBeingWritten) {
  std::filesystem::create_directories(cache_);
  const std::filesystem::path path = cache_ / "0123.tokens";
  auto living = *CacheWriter::Create(path);
  Write("cache/tokens/0123.tokens.tmp-dead00", "half");
  Write("cache/tokens/somebody-elses", "x");

  PruneCache(cache_, kMostCacheBytes);

  EXPECT_EQ(CacheFiles().size(), 2u);
  ASSERT_TRUE(living->Finish(0, 0, path).ok());
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST_F(TokenCacheTest, PruningRemovesTheLeastRecentlyUsedButNothingThatIsOpen) {
  const std::vector<std::string> names = {"a", "b", "c", "d"};
  std::map<std::string, std::filesystem::path> cache_file;
  for (const std::string& name : names) {
    const std::vector<std::filesystem::path> before =
        std::filesystem::exists(cache_) ? CacheFiles() : std::vector<std::filesystem::path>();
    ASSERT_TRUE(Load({Write(name, std::string(400, name[0]))}).ok());
    for (const std::filesystem::path& file : CacheFiles()) {
      if (std::ranges::find(before, file) == before.end()) cache_file[name] = file;
    }
  }
  int64_t seconds = 1'000'000;
  for (const std::string& name : names) {  // a was used first, d last
    const timespec times[2] = {{.tv_sec = seconds++, .tv_nsec = 0},
                               {.tv_sec = 0, .tv_nsec = UTIME_OMIT}};
    ASSERT_EQ(utimensat(AT_FDCWD, cache_file[name].c_str(), times, 0), 0);
  }
  const auto open = Load({Write("b", std::string(400, 'b'))});
  const timespec first[2] = {{.tv_sec = 1, .tv_nsec = 0}, {.tv_sec = 0, .tv_nsec = UTIME_OMIT}};
  ASSERT_EQ(utimensat(AT_FDCWD, cache_file["b"].c_str(), first, 0), 0);
  const auto size = static_cast<int64_t>(std::filesystem::file_size(cache_file["a"]));

  PruneCache(cache_, 2 * size);

  EXPECT_TRUE(std::filesystem::exists(cache_file["b"]));  // the least recent, but in use
  EXPECT_FALSE(std::filesystem::exists(cache_file["a"]));
  EXPECT_FALSE(std::filesystem::exists(cache_file["c"]));
  EXPECT_TRUE(std::filesystem::exists(cache_file["d"]));
}

}  // namespace
}  // namespace fp4::trainer
