#include "trainer/data/sentence_piece.h"

#include <sentencepiece_processor.h>

namespace fp4::trainer {
namespace {

class Processor : public SentencePiece {
 public:
  int vocabulary() const override { return processor.GetPieceSize(); }
  int end_id() const override { return processor.eos_id(); }

  bool Encode(std::string_view text, std::vector<int>& ids, std::string& error) const override {
    const auto status = processor.Encode(text, &ids);
    if (!status.ok()) error = status.ToString();
    return status.ok();
  }

  sentencepiece::SentencePieceProcessor processor;
};

}  // namespace

std::unique_ptr<SentencePiece> SentencePiece::FromModel(std::string_view model,
                                                        std::string& error) {
  auto made = std::make_unique<Processor>();
  const auto status = made->processor.LoadFromSerializedProto(model);
  if (status.ok()) return made;
  error = status.ToString();
  return nullptr;
}

}  // namespace fp4::trainer
