// Training of a SentencePiece model, behind the same wall as trainer/data/sentence_piece.h.
#pragma once

#include <functional>
#include <string>

namespace fp4::trainer {

struct SentencePieceTraining {
  int vocab_size = 0;
  std::string model_type;  // "unigram" or "bpe"
};

// Trains on the sentences that `next` gives: it fills its argument and says true, until there are
// no more. Text is taken as it is, without normalization; what no piece covers is encoded as its
// bytes, so that every text can be encoded. Ids 0, 1 and 2 are <unk>, <s> and </s>. Equal sentences
// give equal models. True: the bytes of a model file are in `model`; false: `error` says why.
bool TrainSentencePiece(const SentencePieceTraining& training,
                        const std::function<bool(std::string& sentence)>& next, std::string& model,
                        std::string& error);

}  // namespace fp4::trainer
