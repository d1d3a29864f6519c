#include "trainer/data/sentence_piece_training.h"

#include <sentencepiece_trainer.h>

#include <unordered_map>

namespace fp4::trainer {
namespace {

class Sentences : public sentencepiece::SentenceIterator {
 public:
  explicit Sentences(const std::function<bool(std::string& sentence)>& next) : next_(next) {
    Sentences::Next();
  }
  bool done() const override { return done_; }
  void Next() override { done_ = !next_(sentence_); }
  const std::string& value() const override { return sentence_; }
  sentencepiece::util::Status status() const override { return {}; }

 private:
  const std::function<bool(std::string& sentence)>& next_;
  std::string sentence_;
  bool done_ = false;
};

}  // namespace

bool TrainSentencePiece(const SentencePieceTraining& training,
                        const std::function<bool(std::string& sentence)>& next, std::string& model,
                        std::string& error) {
  const std::unordered_map<std::string, std::string> arguments = {
      {"vocab_size", std::to_string(training.vocab_size)},
      {"model_type", training.model_type},
      // A small text does not have as many pieces as were asked for; then it gets fewer.
      {"hard_vocab_limit", "false"},
      {"byte_fallback", "true"},
      {"normalization_rule_name", "identity"},
      {"remove_extra_whitespaces", "false"},
      {"add_dummy_prefix", "false"},
      {"max_sentence_length", "65536"},
      // The sums of several threads are added by their number: a fixed one gives equal models.
      {"num_threads", "4"},
      {"minloglevel", "2"}};
  Sentences sentences(next);
  const auto status = sentencepiece::SentencePieceTrainer::Train(arguments, &sentences, &model);
  if (!status.ok()) error = status.ToString();
  return status.ok();
}

}  // namespace fp4::trainer
