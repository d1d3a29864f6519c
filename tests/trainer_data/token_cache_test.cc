#include "trainer/data/token_cache.h"

#include <thread>

#include "base/file.h"
#include "tests/trainer_data/scratch_folder.h"

namespace fp4::trainer {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Counts what it is asked to do.
class CountingTokenizer : public Tokenizer {
 public:
  explicit CountingTokenizer(std::string identity) : identity_(std::move(identity)) {}
  std::string identity() const override { return identity_; }
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
  std::vector<std::filesystem::path> CacheFiles() {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(cache_))
      files.push_back(entry.path());
    return files;
  }
  absl::StatusOr<CachedTokens> Load(const std::vector<std::string>& paths) {
    return LoadOrTokenize(*HashFiles(paths), tokenizer_, cache_);
  }

  CountingTokenizer tokenizer_{"double"};
  const std::filesystem::path cache_ = folder_ / "cache" / "tokens";
};

TEST_F(TokenCacheTest, TokenizesOnceAndFindsTheTokensAgain) {
  const std::vector<std::string> paths = {Write("b", "abc"), Write("empty", ""), Write("a", "z")};
  for (int round = 0; round < 2; ++round) {
    const auto cached = Load(paths);
    ASSERT_TRUE(cached.ok()) << cached.status();
    ASSERT_EQ(cached->documents.size(), 3u);
    EXPECT_THAT(cached->documents[0].tokens, ElementsAre(194, 196, 198));
    EXPECT_THAT(cached->documents[1].tokens, IsEmpty());
    EXPECT_THAT(cached->documents[2].tokens, ElementsAre(244));
    EXPECT_EQ(cached->documents[2].path, paths[2]);
  }
  EXPECT_EQ(tokenizer_.calls, 3);
  EXPECT_EQ(CacheFiles().size(), 1u);  // and nothing temporary
}

TEST_F(TokenCacheTest, FindsByContentNotByPath) {
  ASSERT_TRUE(Load({Write("a", "abc")}).ok());
  ASSERT_TRUE(Load({Write("elsewhere/b", "abc")}).ok());
  EXPECT_EQ(tokenizer_.calls, 1);
}

TEST_F(TokenCacheTest, ChangedContentOrTokenizerIsTokenizedAnew) {
  ASSERT_TRUE(Load({Write("a", "abc")}).ok());
  const auto changed = Load({Write("a", "abd")});
  EXPECT_THAT(changed->documents[0].tokens, ElementsAre(194, 196, 200));
  const CountingTokenizer other("other");
  ASSERT_TRUE(LoadOrTokenize(*HashFiles(std::vector{Write("a", "abd")}), other, cache_).ok());
  EXPECT_EQ(tokenizer_.calls, 2);
  EXPECT_EQ(other.calls, 1);
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
    EXPECT_THAT(cached->documents[1].tokens, ElementsAre(240, 242, 244));
    EXPECT_EQ(*ReadFile(cache_file), whole);
  }
}

TEST_F(TokenCacheTest, ManyAtOnceAgree) {
  const std::vector<std::string> paths = {Write("a", std::string(100000, 'a'))};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const CountingTokenizer tokenizer("double");
      const auto cached = LoadOrTokenize(*HashFiles(paths), tokenizer, cache_);
      ASSERT_TRUE(cached.ok()) << cached.status();
      EXPECT_EQ(cached->documents[0].tokens.size(), 100000u);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(CacheFiles().size(), 1u);
}

TEST_F(TokenCacheTest, AFileThatChangesUnderwayIsAnError) {
  std::vector<TextFile> files = *HashFiles(std::vector{Write("a", "abc")});
  Write("a", "abd");
  EXPECT_THAT(LoadOrTokenize(files, tokenizer_, cache_),
              FailsWith(absl::StatusCode::kAborted, "changed while"));
  EXPECT_THAT(CacheFiles(), IsEmpty());
}

TEST_F(TokenCacheTest, SaysWhichFolderItCannotMake) {
  const std::vector<TextFile> files = *HashFiles(std::vector{Write("a", "abc")});
  const auto result = LoadOrTokenize(files, tokenizer_, Write("file", "") + "/cache");
  EXPECT_THAT(std::string(result.status().message()), testing::HasSubstr("file/cache"));
}

}  // namespace
}  // namespace fp4::trainer
