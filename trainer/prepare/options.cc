#include "trainer/prepare/options.h"

#include <CLI/CLI.hpp>

#include "base/number.h"
#include "base/trainer_exit.h"

namespace fp4::trainer {
namespace {

constexpr int kMostPieces = 65535;

constexpr char kDescription[] =
    "Makes token files of text, for data.source \"tokens\": little-endian 16-bit ids.\n"
    "INPUT: files, or patterns as in data.paths. A text file is one document; of a .jsonl, .ndjson "
    "or .json file each line is one, the text of its --field.\n"
    "DIR gets tokens-00000.bin …, prepared.json, which says what they were made of, and "
    "tokenizer.model if one is trained. Started again after a stop or a crash it goes on behind "
    "the "
    "last finished file; the bytes are those of a run that was not disturbed.";

constexpr char kFooter[] =
    "Exit codes: 0 all done, 1 a fault of the machine, 2 an input or option that cannot be used, 3 "
    "stopped by a signal.\n"
    "Examples:\n"
    "  fp4-train prepare 'corpus/*.txt' --tokenizer bytes --output /data/corpus\n"
    "  fp4-train prepare dump-*.jsonl --field content --vocab-size 8000 --output /data/dump\n"
    "  fp4-train prepare more.jsonl --tokenizer /data/dump/tokenizer.model --output /data/more";

}  // namespace

std::optional<PrepareOptions> ParsePrepareCommandLine(int argc, char** argv, int& exit_code) {
  PrepareOptions options;
  int64_t training_mib = 64;
  int64_t part_mib = 64;
  CLI::App app(kDescription, "fp4-train prepare");
  app.footer(kFooter);
  app.add_option("input", options.inputs, "Text files, JSON lines, or patterns of them")
      ->type_name("INPUT")
      ->required();
  app.add_option("--output", options.output, "The folder for the token files; made if absent")
      ->type_name("DIR")
      ->required();
  auto* tokenizer = app.add_option("--tokenizer", options.tokenizer,
                                   "bytes, or a SentencePiece model file; without it a model of "
                                   "--vocab-size pieces is trained on the input");
  auto* vocab_size =
      app.add_option("--vocab-size", options.vocab_size,
                     "Train a SentencePiece model of at most so many pieces (300 to 65535)")
          ->check(NumberCheck<int>(300, kMostPieces));
  tokenizer->excludes(vocab_size);
  app.add_option("--model-type", options.model_type, "Of a model that is trained: unigram or bpe")
      ->check(CLI::IsMember({"unigram", "bpe"}))
      ->needs(vocab_size)
      ->capture_default_str();
  app.add_option("--training-mib", training_mib,
                 "MiB of text, from the beginning, that a model is trained on")
      ->check(NumberCheck<int64_t>(1, 1 << 20))
      ->needs(vocab_size)
      ->capture_default_str();
  app.add_option("--format", options.format,
                 "auto (by the file's name), text, or jsonl: of all inputs")
      ->check(CLI::IsMember({"auto", "text", "jsonl"}))
      ->capture_default_str();
  app.add_option("--field", options.field, "The member of each JSON line that is the text")
      ->capture_default_str();
  app.add_option("--separator", options.separator,
                 "The id behind each document: auto (the model's end of text; none with bytes), "
                 "none, or a number up to 65535")
      ->check(CLI::IsMember({"auto", "none"}) |
              CLI::Validator(NumberCheck<int>(0, kMostPieces), ""))
      ->capture_default_str();
  app.add_option("--part-mib", part_mib,
                 "A token file ends with the document that makes it so long")
      ->check(NumberCheck<int64_t>(1, 1 << 20))
      ->capture_default_str();
  try {
    app.parse(argc - 1, argv + 1);
    if (!*tokenizer && !*vocab_size) throw CLI::RequiredError("--tokenizer or --vocab-size");
    options.training_bytes = training_mib << 20;
    options.part_tokens = part_mib << 19;
    return options;
  } catch (const CLI::ParseError& error) {
    exit_code = app.exit(error) == 0 ? kExitCompleted : kExitBadDocument;
    return std::nullopt;
  }
}

}  // namespace fp4::trainer
