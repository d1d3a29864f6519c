#include "trainer/prepare/prepare.h"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "base/faults.h"
#include "base/file.h"
#include "base/file_identity.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "base/trainer_exit.h"
#include "trainer/data/abandon.h"
#include "trainer/data/file_patterns.h"
#include "trainer/data/sentence_piece_training.h"
#include "trainer/data/tokenizer.h"
#include "trainer/ending.h"
#include "trainer/prepare/encode.h"
#include "trainer/prepare/journal.h"
#include "trainer/prepare/part_writer.h"
#include "trainer/prepare/progress.h"
#include "trainer/run/math_environment.h"

namespace fp4::trainer {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr char kJournal[] = "prepared.json";
constexpr char kModel[] = "tokenizer.model";

std::string PartName(size_t number) {
  const std::string digits = absl::StrCat(number);
  return absl::StrCat("tokens-", std::string(digits.size() < 5 ? 5 - digits.size() : 0, '0'),
                      digits, ".bin");
}

absl::StatusOr<std::vector<DocumentFile>> FindInputs(const PrepareOptions& options) {
  FP4_ASSIGN_OR_RETURN(const std::vector<std::string> paths,
                       ExpandPatterns(options.inputs, "INPUT"));
  std::vector<DocumentFile> files;
  for (const std::string& path : paths) {
    DocumentFile file{.path = path, .form = FormOf(path)};
    if (options.format == "text") file.form = DocumentFile::Form::kText;
    if (options.format == "jsonl") file.form = DocumentFile::Form::kJsonLines;
    files.push_back(file);
  }
  return files;
}

class Preparation {
 public:
  Preparation(const PrepareOptions& options, const Clock& clock, const StopCheck& stop,
              const PrepareOutput& output)
      : options_(options),
        stop_(stop),
        output_(output),
        progress_(clock, output),
        folder_(fs::absolute(options.output)) {}

  absl::Status Run();

 private:
  absl::Status OpenFolder();
  absl::StatusOr<Json> MadeOf() const;
  absl::Status Resume();
  absl::Status CheckPart(const PreparedPart& part) const;
  absl::Status TrainModel();
  absl::Status OpenModel();
  absl::Status Encode();
  absl::Status FinishPart(PartWriter& writer, int64_t documents, const DocumentPlace& end);
  void TellResult() const;

  const PrepareOptions& options_;
  const StopCheck& stop_;
  const PrepareOutput& output_;
  PrepareProgress progress_;
  const fs::path folder_;
  UniqueFd lock_;
  std::vector<DocumentFile> files_;
  Journal journal_;
  std::shared_ptr<const Tokenizer> tokenizer_;
  std::optional<uint16_t> separator_;
};

absl::Status Preparation::OpenFolder() {
  std::error_code error;
  if (fs::create_directories(folder_, error); error)
    return NamedFileStatus(error.value(), absl::StrCat("--output: make ", folder_.string()));
  absl::StatusOr<UniqueFd> lock = LockFolder(folder_);
  if (absl::IsFailedPrecondition(lock.status())) return lock.status();
  if (!lock.ok()) return MachineFault(lock.status());
  lock_ = *std::move(lock);
  return absl::OkStatus();
}

absl::StatusOr<Json> Preparation::MadeOf() const {
  Json json = {{"format", options_.format},
               {"field", options_.field},
               {"separator", options_.separator},
               {"part_tokens", options_.part_tokens}};
  if (options_.tokenizer == "bytes") {
    json["tokenizer"] = "bytes";
  } else if (options_.tokenizer.empty()) {
    json["vocab_size"] = options_.vocab_size;
    json["model_type"] = options_.model_type;
    json["training_bytes"] = options_.training_bytes;
  } else {
    FP4_ASSIGN_OR_RETURN(const std::shared_ptr<const Tokenizer> tokenizer,
                         OpenTokenizer(options_.tokenizer));
    json["tokenizer"] = tokenizer->identity();
  }
  for (const DocumentFile& file : files_) {
    FP4_ASSIGN_OR_RETURN(const FileIdentity identity, IdentityOf(file.path));
    json[absl::StrCat("input ", fs::absolute(file.path).string())] = {
        {"bytes", identity.size}, {"modified_ns", identity.modified_ns}};
  }
  return json;
}

absl::Status Preparation::CheckPart(const PreparedPart& part) const {
  const fs::path path = folder_ / part.file;
  FP4_ASSIGN_OR_RETURN(const std::string sha256, Sha256HexOfFile(path, stop_));
  if (sha256 == part.sha256) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(path.string(), ": was changed since it was made"));
}

// What is finished stays; the first part that is damaged or gone, and those behind it, are made
// again.
absl::Status Preparation::Resume() {
  FP4_ASSIGN_OR_RETURN(const Json made_of, MadeOf());
  FP4_ASSIGN_OR_RETURN(std::optional<Journal> journal, ReadJournal(folder_ / kJournal));
  journal_.made_of = made_of;
  if (!journal) return absl::OkStatus();
  FP4_RETURN_IF_ERROR(CheckSame(journal->made_of, made_of, folder_));
  journal_ = *std::move(journal);
  for (size_t i = 0; i < journal_.parts.size(); ++i) {
    absl::Status whole = CheckPart(journal_.parts[i]);
    if (absl::IsCancelled(whole)) return whole;
    if (whole.ok()) continue;
    output_.progress << "fp4-train: warning: " << whole.message() << "; it is made again\n";
    journal_.parts.resize(i);
    journal_.complete = false;
  }
  return absl::OkStatus();
}

absl::Status Preparation::TrainModel() {
  const fs::path path = folder_ / kModel;
  if (!journal_.tokenizer_sha256.empty()) {
    absl::StatusOr<std::string> sha256 = Sha256HexOfFile(path, stop_);
    if (absl::IsCancelled(sha256.status())) return sha256.status();
    if (sha256.ok() && *sha256 == journal_.tokenizer_sha256) return absl::OkStatus();
  }
  progress_.Say("training a tokenizer");
  struct Work {
    std::string text, model, error;
    SentencePieceTraining training;
    bool done = false;
  };
  auto work = std::make_shared<Work>();
  work->training = {.vocab_size = options_.vocab_size, .model_type = options_.model_type};
  DocumentReader reader(files_, options_.field);
  while (static_cast<int64_t>(work->text.size()) < options_.training_bytes) {
    FP4_ASSIGN_OR_RETURN(const std::optional<std::string> text, reader.Next(stop_));
    if (!text) break;
    absl::StrAppend(&work->text, *text, "\n");
  }
  FP4_RETURN_IF_ERROR(reader.CheckUnchanged());
  FP4_RETURN_IF_ERROR(RunAbandonable(
      [work] {
        size_t begin = 0;
        work->done = TrainSentencePiece(
            work->training,
            [work, &begin](std::string& sentence) {
              if (begin >= work->text.size()) return false;
              const size_t end = work->text.find('\n', begin);
              sentence = work->text.substr(begin, end - begin);
              begin = end + 1;
              return true;
            },
            work->model, work->error);
      },
      stop_));
  if (!work->done)
    return absl::InvalidArgumentError(absl::StrCat("--vocab-size: SentencePiece: ", work->error));
  FP4_RETURN_IF_ERROR(MachineFault(WriteFileDurably(path, work->model)));
  const std::string sha256 = Sha256Hex(work->model);
  // Another release of SentencePiece may give another model: what was encoded by the first is void.
  if (sha256 != journal_.tokenizer_sha256) journal_.parts.clear();
  journal_.tokenizer_sha256 = sha256;
  return MachineFault(WriteJournal(folder_ / kJournal, journal_));
}

absl::Status Preparation::OpenModel() {
  const bool trained = options_.tokenizer.empty();
  if (trained) FP4_RETURN_IF_ERROR(TrainModel());
  FP4_ASSIGN_OR_RETURN(tokenizer_,
                       OpenTokenizer(trained ? (folder_ / kModel).string() : options_.tokenizer));
  if (options_.separator == "none") return absl::OkStatus();
  std::optional<int> id = tokenizer_->end_id();
  if (options_.separator != "auto") {
    int number = 0;
    std::from_chars(options_.separator.data(),
                    options_.separator.data() + options_.separator.size(), number);
    id = number;
  }
  if (id) separator_ = static_cast<uint16_t>(*id);
  return absl::OkStatus();
}

absl::Status Preparation::FinishPart(PartWriter& writer, int64_t documents,
                                     const DocumentPlace& end) {
  PreparedPart part{.file = PartName(journal_.parts.size()),
                    .documents = documents,
                    .tokens = writer.num_tokens(),
                    .sha256 = {},
                    .end = end};
  FP4_ASSIGN_OR_RETURN(part.sha256, writer.Finish());
  journal_.parts.push_back(part);
  progress_.PartDone(part);
  return MachineFault(WriteJournal(folder_ / kJournal, journal_));
}

absl::Status Preparation::Encode() {
  const DocumentPlace from = journal_.parts.empty() ? DocumentPlace{} : journal_.parts.back().end;
  DocumentReader reader(files_, options_.field, from);
  DocumentEncoder encoder(reader, tokenizer_, separator_, static_cast<int>(AvailableCores()));
  std::unique_ptr<PartWriter> writer;
  DocumentPlace end;
  int64_t documents = 0;
  while (true) {
    FP4_ASSIGN_OR_RETURN(const std::optional<EncodedDocument> document, encoder.Next(stop_));
    if (!document) break;
    if (writer == nullptr) {
      FP4_ASSIGN_OR_RETURN(writer, PartWriter::Create(folder_ / PartName(journal_.parts.size())));
      documents = 0;
    }
    FP4_RETURN_IF_ERROR(writer->Append(document->ids));
    ++documents;
    end = document->end;
    progress_.Document(end, static_cast<int64_t>(document->ids.size()));
    if (writer->num_tokens() < options_.part_tokens) continue;
    FP4_RETURN_IF_ERROR(reader.CheckUnchanged());
    FP4_RETURN_IF_ERROR(FinishPart(*writer, documents, end));
    writer = nullptr;
  }
  if (writer != nullptr && writer->num_tokens() > 0)
    FP4_RETURN_IF_ERROR(FinishPart(*writer, documents, end));
  if (journal_.parts.empty()) return absl::InvalidArgumentError("the input has no text");
  journal_.complete = true;
  return MachineFault(WriteJournal(folder_ / kJournal, journal_));
}

void Preparation::TellResult() const {
  int64_t tokens = 0, documents = 0;
  for (const PreparedPart& part : journal_.parts) {
    tokens += part.tokens;
    documents += part.documents;
  }
  const int vocabulary = std::max(tokenizer_->vocabulary(), separator_ ? *separator_ + 1 : 0);
  const Json data = {{"source", "tokens"}, {"paths", {(folder_ / "tokens-*.bin").string()}}};
  output_.out << tokens << " tokens of " << documents << " documents in " << journal_.parts.size()
              << (journal_.parts.size() == 1 ? " file" : " files") << " of " << folder_.string()
              << "\nFor the document of an experiment:\n"
              << "  \"model\": {\"vocab_size\": " << vocabulary << "},\n"
              << "  \"data\": " << data.dump() << std::endl;
}

absl::Status Preparation::Run() {
  FP4_ASSIGN_OR_RETURN(files_, FindInputs(options_));
  FP4_RETURN_IF_ERROR(OpenFolder());
  FP4_RETURN_IF_ERROR(Resume());
  FP4_RETURN_IF_ERROR(OpenModel());
  FP4_RETURN_IF_ERROR(progress_.Begin(files_, journal_.parts));
  if (!journal_.complete) FP4_RETURN_IF_ERROR(Encode());
  TellResult();
  return absl::OkStatus();
}

}  // namespace

int Prepare(const PrepareOptions& options, const Clock& clock, const StopCheck& stop,
            const PrepareOutput& output) {
  const absl::Status status = Preparation(options, clock, stop, output).Run();
  return status.ok() ? kExitCompleted : Failed(status);
}

}  // namespace fp4::trainer
