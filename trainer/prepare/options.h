// The command line of fp4-train prepare.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace fp4::trainer {

struct PrepareOptions {
  std::vector<std::string> inputs;  // files and patterns
  std::string output;               // the folder
  std::string tokenizer;            // "bytes" or a SentencePiece model; empty: one is trained
  int vocab_size = 0;               // of the model that is trained
  std::string model_type = "unigram";
  int64_t training_bytes = 0;   // of text, from the beginning, that a model is trained on
  std::string format = "auto";  // or text, jsonl
  std::string field = "text";
  std::string separator = "auto";  // or none, or an id
  int64_t part_tokens = 0;
};

// Nothing to do (--help, an error, all said by then): the exit status is in `exit_code`. `argv[1]`
// is "prepare".
std::optional<PrepareOptions> ParsePrepareCommandLine(int argc, char** argv, int& exit_code);

}  // namespace fp4::trainer
