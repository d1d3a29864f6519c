#include "tests/trainer_data/tiny_sentence_piece.h"

// Not beside Abseil: see trainer/data/sentence_piece.h.
#include <sentencepiece_trainer.h>

#include <stdexcept>

namespace fp4::trainer {
namespace {

class RepeatedSentence : public sentencepiece::SentenceIterator {
 public:
  bool done() const override { return count_ == 20; }
  void Next() override { ++count_; }
  const std::string& value() const override { return sentence_; }
  sentencepiece::util::Status status() const override { return {}; }

 private:
  int count_ = 0;
  const std::string sentence_ =
      "the cat sat on the mat and the dog ran to the house that the cat saw in the sun";
};

}  // namespace

std::string TrainTinyModel() {
  RepeatedSentence sentences;
  std::string model;
  const auto status = sentencepiece::SentencePieceTrainer::Train(
      "--vocab_size=40 --model_type=bpe --minloglevel=2 --num_threads=1 --hard_vocab_limit=false",
      &sentences, &model);
  if (!status.ok()) throw std::runtime_error(status.ToString());
  return model;
}

}  // namespace fp4::trainer
