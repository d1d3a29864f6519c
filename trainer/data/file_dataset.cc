#include "trainer/data/file_dataset.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/mutex.h"
#include "base/status_macros.h"
#include "trainer/data/file_digests.h"
#include "trainer/data/file_patterns.h"
#include "trainer/data/split.h"
#include "trainer/data/token_cache.h"
#include "trainer/data/token_file.h"
#include "trainer/data/tokenizer.h"
#include "trainer/data/window_set.h"

namespace fp4::trainer {
namespace {

// The documents of paths and of validation_paths, and what their tokens lie in.
struct Loaded {
  std::vector<std::unique_ptr<DataFile>> files;
  std::vector<TokenDocument> documents, validation_documents;
  std::vector<std::string> sha256s, validation_sha256s;  // one a document
  std::string tokenizer_sha256;                          // empty: no model file
  std::vector<std::string> warnings;

  std::string Sha256OfAll() const {
    std::vector<std::string> all = sha256s;
    all.insert(all.end(), validation_sha256s.begin(), validation_sha256s.end());
    if (!tokenizer_sha256.empty()) all.push_back(tokenizer_sha256);
    return DigestOfFiles(all);
  }
};

class FileDataset : public Dataset {
 public:
  FileDataset(std::vector<std::unique_ptr<DataFile>> files, TrainAndValidation windows,
              const spec::ModelSpec& model, std::string sha256, std::vector<std::string> warnings)
      : files_(std::move(files)),
        windows_(std::move(windows)),
        sequence_length_(model.sequence_length),
        vocab_size_(model.vocab_size),
        sha256_(std::move(sha256)),
        warnings_(std::move(warnings)) {}

  int64_t sequence_length() const override { return sequence_length_; }
  int64_t num_windows(Part part) const override { return windows_[part].size(); }
  void CopyWindow(Part part, int64_t index, std::span<int64_t> tokens) const override {
    absl::Status status = windows_[part].Copy(index, tokens);
    const auto is_known = [this](int64_t id) { return id < vocab_size_; };
    const bool has_new_ids = status.ok() && !std::ranges::all_of(tokens, is_known);
    if (status.ok() && !has_new_ids) return;
    std::ranges::fill(tokens, 0);
    const MutexLock lock(mutex_);
    first_error_.Update(status);
    has_new_ids_ |= has_new_ids;
  }
  absl::Status CheckUnchanged() const override {
    const MutexLock lock(mutex_);
    FP4_RETURN_IF_ERROR(first_error_);
    for (const auto& file : files_) FP4_RETURN_IF_ERROR(file->CheckUnchanged());
    if (!has_new_ids_) return absl::OkStatus();
    return absl::AbortedError("the data was changed: it has ids beyond model.vocab_size now");
  }
  std::string sha256() const override { return sha256_; }
  std::vector<std::string> warnings() const override { return warnings_; }

 private:
  const std::vector<std::unique_ptr<DataFile>> files_;  // windows_ point to these
  const TrainAndValidation windows_;
  const int64_t sequence_length_, vocab_size_;
  const std::string sha256_;
  const std::vector<std::string> warnings_;
  mutable Mutex mutex_;
  mutable absl::Status first_error_ ABSL_GUARDED_BY(mutex_);  // of reading
  mutable bool has_new_ids_ ABSL_GUARDED_BY(mutex_) = false;
};

absl::StatusOr<TokenDocument> OpenTokenFile(const DataFile& file) {
  std::string head(static_cast<size_t>(std::min(file.size(), kTokenFileHead)), '\0');
  FP4_RETURN_IF_ERROR(file.Read(0, std::as_writable_bytes(std::span(head))));
  const std::string path = file.path().string();
  FP4_ASSIGN_OR_RETURN(const TokenFileLayout layout, ParseTokenFile(path, head, file.size()));
  return TokenDocument{
      .path = path, .file = &file, .offset = layout.offset, .num_tokens = layout.num_tokens};
}

// One side of the data: the files of `paths` or of `validation_paths`.
struct Side {
  std::vector<TokenDocument>& documents;
  std::vector<std::string>& sha256s;
};

absl::Status LoadTokenFiles(const std::vector<std::string>& paths, const StopCheck& stop,
                            Loaded& loaded, const Side& side) {
  for (const std::string& path : paths) {
    FP4_ASSIGN_OR_RETURN(std::unique_ptr<DataFile> file, DataFile::Open(path));
    FP4_ASSIGN_OR_RETURN(TokenDocument document, OpenTokenFile(*file));
    FP4_ASSIGN_OR_RETURN(std::string sha256, file->Sha256(stop));
    side.documents.push_back(std::move(document));
    side.sha256s.push_back(std::move(sha256));
    loaded.files.push_back(std::move(file));
  }
  return absl::OkStatus();
}

absl::Status LoadTextFiles(const std::vector<std::string>& paths,
                           const std::shared_ptr<const Tokenizer>& tokenizer,
                           const DataOptions& options, Loaded& loaded, const Side& side) {
  FP4_ASSIGN_OR_RETURN(const std::vector<TextFile> files, HashFiles(paths, options.stop));
  FP4_ASSIGN_OR_RETURN(CachedTokens cached,
                       LoadOrTokenize(files, tokenizer, options.cache_folders, options.stop));
  side.documents = std::move(cached.documents);
  for (const TextFile& file : files) side.sha256s.push_back(file.sha256);
  loaded.files.push_back(std::move(cached.file));
  std::ranges::move(cached.warnings, std::back_inserter(loaded.warnings));
  return absl::OkStatus();
}

absl::StatusOr<Loaded> Load(const spec::DataSpec& data, const std::vector<std::string>& paths,
                            const std::vector<std::string>& validation_paths,
                            const DataOptions& options) {
  Loaded loaded;
  const Side training{loaded.documents, loaded.sha256s};
  const Side validation{loaded.validation_documents, loaded.validation_sha256s};
  if (data.source == spec::DataSource::kTokens) {
    FP4_RETURN_IF_ERROR(LoadTokenFiles(paths, options.stop, loaded, training));
    FP4_RETURN_IF_ERROR(LoadTokenFiles(validation_paths, options.stop, loaded, validation));
    return loaded;
  }
  FP4_ASSIGN_OR_RETURN(const std::shared_ptr<const Tokenizer> tokenizer,
                       OpenTokenizer(data.tokenizer));
  if (data.tokenizer != "bytes") loaded.tokenizer_sha256 = tokenizer->identity();
  FP4_RETURN_IF_ERROR(LoadTextFiles(paths, tokenizer, options, loaded, training));
  if (!validation_paths.empty()) {
    FP4_RETURN_IF_ERROR(LoadTextFiles(validation_paths, tokenizer, options, loaded, validation));
  }
  return loaded;
}

absl::StatusOr<TrainAndValidation> SplitByDocument(const Loaded& loaded, int64_t sequence_length,
                                                   const spec::DataSpec& data) {
  FP4_ASSIGN_OR_RETURN(const std::vector<bool> validates,
                       ChooseValidationDocuments(loaded.sha256s, data.validation_fraction));
  std::vector<TokenDocument> training, validation;
  for (size_t i = 0; i < validates.size(); ++i) {
    (validates[i] ? validation : training).push_back(loaded.documents[i]);
  }
  return SplitGiven(TokenStream(std::move(training)), TokenStream(std::move(validation)),
                    sequence_length, data);
}

absl::StatusOr<TrainAndValidation> Split(const Loaded& loaded, int64_t sequence_length,
                                         const spec::DataSpec& data) {
  if (!loaded.validation_documents.empty()) {
    return SplitGiven(TokenStream(loaded.documents), TokenStream(loaded.validation_documents),
                      sequence_length, data);
  }
  const TokenStream all(loaded.documents);
  if (data.split == spec::Split::kWindow) return SplitRandomly(all, sequence_length, data);
  if (data.source == spec::DataSource::kTokens) return SplitTail(all, sequence_length, data);
  return SplitByDocument(loaded, sequence_length, data);
}

// "the data has 3 empty files: a.txt, b.txt and 1 more"; empty: it has none.
std::string EmptyFiles(const Loaded& loaded) {
  constexpr size_t kNamed = 3;
  std::vector<std::string> empty = TokenStream(loaded.documents).EmptyDocuments();
  std::ranges::move(TokenStream(loaded.validation_documents).EmptyDocuments(),
                    std::back_inserter(empty));
  if (empty.empty()) return "";
  const size_t num_more = empty.size() - std::min(empty.size(), kNamed);
  empty.resize(empty.size() - num_more);
  return absl::StrCat("empty files in the data: ", absl::StrJoin(empty, ", "),
                      num_more > 0 ? absl::StrCat(" and ", num_more, " more") : "");
}

std::vector<std::string> Warnings(const Loaded& loaded, const spec::DataSpec& data) {
  std::vector<std::string> warnings = loaded.warnings;
  if (std::string empty = EmptyFiles(loaded); !empty.empty()) warnings.push_back(std::move(empty));
  if (std::string shared = WarningOfSharedFiles(loaded.sha256s, loaded.validation_sha256s);
      !shared.empty())
    warnings.push_back(std::move(shared));
  if (data.split == spec::Split::kWindow && data.window == spec::Window::kSliding &&
      loaded.validation_documents.empty()) {
    warnings.push_back(
        "split 'window' with window 'sliding': validation windows overlap training windows, so "
        "val/loss also measures memory");
  }
  return warnings;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Dataset>> OpenFileDataset(const spec::DataSpec& data,
                                                         const spec::ModelSpec& model,
                                                         const DataOptions& options) {
  FP4_ASSIGN_OR_RETURN(const std::vector<std::string> paths,
                       ExpandPatterns(data.paths, "data.paths"));
  std::vector<std::string> validation_paths;
  if (!data.validation_paths.empty()) {
    FP4_ASSIGN_OR_RETURN(validation_paths,
                         ExpandPatterns(data.validation_paths, "data.validation_paths"));
  }
  FP4_ASSIGN_OR_RETURN(Loaded loaded, Load(data, paths, validation_paths, options));
  for (const auto* side : {&loaded.documents, &loaded.validation_documents}) {
    FP4_RETURN_IF_ERROR(TokenStream(*side).CheckIds(model.vocab_size, options.stop));
  }
  absl::StatusOr<TrainAndValidation> windows = Split(loaded, model.sequence_length, data);
  if (!windows.ok()) {
    const std::string empty = EmptyFiles(loaded);
    return absl::Status(windows.status().code(),
                        absl::StrCat(windows.status().message(), empty.empty() ? "" : "; ", empty));
  }
  std::string sha256 = loaded.Sha256OfAll();
  std::vector<std::string> warnings = Warnings(loaded, data);
  return std::make_unique<FileDataset>(std::move(loaded.files), *std::move(windows), model,
                                       std::move(sha256), std::move(warnings));
}

}  // namespace fp4::trainer
