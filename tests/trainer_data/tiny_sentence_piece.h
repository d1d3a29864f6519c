#pragma once

#include <string>

namespace fp4::trainer {

// The bytes of a SentencePiece model of at most 40 pieces, trained here on a few English sentences.
std::string TrainTinyModel();

}  // namespace fp4::trainer
