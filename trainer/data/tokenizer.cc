#include "trainer/data/tokenizer.h"

#include "absl/strings/str_cat.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "trainer/data/data_file.h"
#include "trainer/data/sentence_piece.h"

namespace fp4::trainer {
namespace {

constexpr int kMaxVocabulary = 1 << 16;

class ByteTokenizer : public Tokenizer {
 public:
  std::string identity() const override { return "bytes"; }
  int vocabulary() const override { return 256; }

  absl::Status Encode(std::string_view document, std::vector<uint16_t>& ids) const override {
    for (char c : document) ids.push_back(static_cast<unsigned char>(c));
    return absl::OkStatus();
  }
};

class SentencePieceTokenizer : public Tokenizer {
 public:
  SentencePieceTokenizer(std::unique_ptr<SentencePiece> pieces, std::string identity)
      : pieces_(std::move(pieces)), identity_(std::move(identity)) {}

  std::string identity() const override { return identity_; }
  int vocabulary() const override { return pieces_->vocabulary(); }
  std::optional<int> end_id() const override {
    return pieces_->end_id() < 0 ? std::nullopt : std::optional(pieces_->end_id());
  }

  absl::Status Encode(std::string_view document, std::vector<uint16_t>& ids) const override {
    std::vector<int> wide;
    std::string error;
    if (!pieces_->Encode(document, wide, error)) {
      return absl::InvalidArgumentError(absl::StrCat("SentencePiece: ", error));
    }
    for (int id : wide) ids.push_back(static_cast<uint16_t>(id));
    return absl::OkStatus();
  }

 private:
  const std::unique_ptr<SentencePiece> pieces_;
  const std::string identity_;
};

absl::StatusOr<std::string> ReadModel(const std::string& path) {
  FP4_ASSIGN_OR_RETURN(const std::unique_ptr<DataFile> file, DataFile::Open(path));
  std::string model;
  FP4_RETURN_IF_ERROR(file->Scan(0, NeverStop, [&](std::string_view piece) {
    model += piece;
    return absl::OkStatus();
  }));
  return model;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Tokenizer>> OpenTokenizer(const std::string& tokenizer) {
  if (tokenizer == "bytes") return std::make_unique<ByteTokenizer>();
  FP4_ASSIGN_OR_RETURN(const std::string model, ReadModel(tokenizer));
  std::string error;
  std::unique_ptr<SentencePiece> pieces = SentencePiece::FromModel(model, error);
  if (pieces == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("data.tokenizer: ", tokenizer,
                                                   ": is not a SentencePiece model file: ", error));
  }
  if (pieces->vocabulary() > kMaxVocabulary) {
    return absl::InvalidArgumentError(absl::StrCat("data.tokenizer: ", tokenizer, ": has ",
                                                   pieces->vocabulary(), " pieces; at most ",
                                                   kMaxVocabulary, " are supported"));
  }
  return std::make_unique<SentencePieceTokenizer>(std::move(pieces), Sha256Hex(model));
}

}  // namespace fp4::trainer
