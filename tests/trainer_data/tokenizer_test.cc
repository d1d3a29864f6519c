#include "trainer/data/tokenizer.h"

#include "base/sha256.h"
#include "tests/trainer_data/scratch_folder.h"
#include "tests/trainer_data/tiny_sentence_piece.h"

namespace fp4::trainer {
namespace {

using TokenizerTest = ScratchFolderTest;

std::vector<uint16_t> Encode(const Tokenizer& tokenizer, std::string_view text) {
  std::vector<uint16_t> ids;
  EXPECT_TRUE(tokenizer.Encode(text, ids).ok());
  return ids;
}

TEST_F(TokenizerTest, BytesAreTheirValues) {
  const auto tokenizer = OpenTokenizer("bytes");
  EXPECT_EQ(Encode(**tokenizer, std::string_view("a\0\xff\n", 4)),
            (std::vector<uint16_t>{97, 0, 255, 10}));
  EXPECT_EQ((*tokenizer)->identity(), "bytes");
}

TEST_F(TokenizerTest, SentencePieceGivesThePiecesOfItsModel) {
  const std::string model = TrainTinyModel();
  const auto tokenizer = OpenTokenizer(Write("tiny.model", model));
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  const std::vector<uint16_t> ids = Encode(**tokenizer, "the cat sat");
  EXPECT_GT(ids.size(), 1u);
  EXPECT_LT(ids.size(), std::string("the cat sat").size());
  EXPECT_EQ(ids, Encode(**tokenizer, "the cat sat"));
  EXPECT_EQ((*tokenizer)->identity(), Sha256Hex(model));
}

TEST_F(TokenizerTest, RefusesAFileThatIsNoModel) {
  const std::string path = Write("bad.model", "this is not a model");
  EXPECT_THAT(OpenTokenizer(path),
              FailsWith(kInvalidArgument, path + ": is not a SentencePiece model file"));
  EXPECT_THAT(OpenTokenizer((folder_ / "none").string()), FailsWith(kNotFound, "none"));
}

}  // namespace
}  // namespace fp4::trainer
