#include "trainer/data/file_dataset.h"

#include <unordered_set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/sha256.h"
#include "base/status_macros.h"
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
  std::vector<MappedFile> files;
  std::vector<TokenDocument> documents, validation_documents;
  std::vector<std::string> sha256s, validation_sha256s;  // one a document
  std::string tokenizer_sha256;                          // empty: no model file

  std::string Sha256OfAll() const {
    std::vector<std::string> all = sha256s;
    all.insert(all.end(), validation_sha256s.begin(), validation_sha256s.end());
    if (!tokenizer_sha256.empty()) all.push_back(tokenizer_sha256);
    if (all.size() == 1) return all.front();
    Sha256 sha;
    for (const std::string& digest : all) sha.Update(digest + "\n");
    return sha.HexDigest();
  }
};

class FileDataset : public Dataset {
 public:
  FileDataset(std::vector<MappedFile> files, TrainAndValidation windows, int64_t sequence_length,
              std::string sha256, std::vector<std::string> warnings)
      : files_(std::move(files)),
        windows_(std::move(windows)),
        sequence_length_(sequence_length),
        sha256_(std::move(sha256)),
        warnings_(std::move(warnings)) {}

  int64_t sequence_length() const override { return sequence_length_; }
  int64_t num_windows(Part part) const override { return windows_[part].size(); }
  void CopyWindow(Part part, int64_t index, std::span<int64_t> tokens) const override {
    windows_[part].Copy(index, tokens);
  }
  std::string sha256() const override { return sha256_; }
  std::vector<std::string> warnings() const override { return warnings_; }

 private:
  const std::vector<MappedFile> files_;  // windows_ point into these
  const TrainAndValidation windows_;
  const int64_t sequence_length_;
  const std::string sha256_;
  const std::vector<std::string> warnings_;
};

absl::Status LoadTokenFiles(const std::vector<std::string>& paths, Loaded& loaded,
                            std::vector<TokenDocument>& documents,
                            std::vector<std::string>& sha256s) {
  for (const std::string& path : paths) {
    FP4_ASSIGN_OR_RETURN(MappedFile file, MappedFile::Open(path));
    FP4_ASSIGN_OR_RETURN(const std::span<const uint16_t> tokens,
                         ParseTokenFile(path, file.bytes()));
    documents.push_back({path, tokens});
    sha256s.push_back(Sha256Hex(file.bytes()));
    loaded.files.push_back(std::move(file));
  }
  return absl::OkStatus();
}

absl::Status LoadTextFiles(const std::vector<std::string>& paths, const Tokenizer& tokenizer,
                           const std::filesystem::path& cache_folder, Loaded& loaded,
                           std::vector<TokenDocument>& documents,
                           std::vector<std::string>& sha256s) {
  FP4_ASSIGN_OR_RETURN(const std::vector<TextFile> files, HashFiles(paths));
  FP4_ASSIGN_OR_RETURN(CachedTokens cached, LoadOrTokenize(files, tokenizer, cache_folder));
  documents = std::move(cached.documents);
  for (const TextFile& file : files) sha256s.push_back(file.sha256);
  loaded.files.push_back(std::move(cached.file));
  return absl::OkStatus();
}

absl::StatusOr<Loaded> Load(const spec::DataSpec& data, const std::vector<std::string>& paths,
                            const std::vector<std::string>& validation_paths,
                            const std::filesystem::path& cache_folder) {
  Loaded loaded;
  if (data.source == spec::DataSource::kTokens) {
    FP4_RETURN_IF_ERROR(LoadTokenFiles(paths, loaded, loaded.documents, loaded.sha256s));
    FP4_RETURN_IF_ERROR(LoadTokenFiles(validation_paths, loaded, loaded.validation_documents,
                                       loaded.validation_sha256s));
    return loaded;
  }
  FP4_ASSIGN_OR_RETURN(const std::unique_ptr<Tokenizer> tokenizer, OpenTokenizer(data.tokenizer));
  if (data.tokenizer != "bytes") loaded.tokenizer_sha256 = tokenizer->identity();
  FP4_RETURN_IF_ERROR(
      LoadTextFiles(paths, *tokenizer, cache_folder, loaded, loaded.documents, loaded.sha256s));
  if (!validation_paths.empty()) {
    FP4_RETURN_IF_ERROR(LoadTextFiles(validation_paths, *tokenizer, cache_folder, loaded,
                                      loaded.validation_documents, loaded.validation_sha256s));
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

std::vector<std::string> Warnings(const Loaded& loaded, const spec::DataSpec& data) {
  std::vector<std::string> warnings;
  const std::unordered_set<std::string> trained(loaded.sha256s.begin(), loaded.sha256s.end());
  int64_t num_shared = 0;
  for (const std::string& sha256 : loaded.validation_sha256s)
    num_shared += trained.contains(sha256);
  if (num_shared > 0) {
    warnings.push_back(
        absl::StrCat(num_shared, " of ", loaded.validation_sha256s.size(),
                     " validation files are trained on too, so val/loss also measures memory"));
  }
  if (data.split == spec::Split::kWindow && data.window == spec::Window::kSliding &&
      loaded.validation_documents.empty()) {
    warnings.push_back(
        "split 'window' with window 'sliding': validation windows overlap training windows, so "
        "val/loss also measures memory");
  }
  return warnings;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Dataset>> OpenFileDataset(
    const spec::DataSpec& data, const spec::ModelSpec& model,
    const std::filesystem::path& cache_folder) {
  FP4_ASSIGN_OR_RETURN(const std::vector<std::string> paths,
                       ExpandPatterns(data.paths, "data.paths"));
  std::vector<std::string> validation_paths;
  if (!data.validation_paths.empty()) {
    FP4_ASSIGN_OR_RETURN(validation_paths,
                         ExpandPatterns(data.validation_paths, "data.validation_paths"));
  }
  FP4_ASSIGN_OR_RETURN(Loaded loaded, Load(data, paths, validation_paths, cache_folder));
  FP4_RETURN_IF_ERROR(TokenStream(loaded.documents).CheckIds(model.vocab_size));
  FP4_RETURN_IF_ERROR(TokenStream(loaded.validation_documents).CheckIds(model.vocab_size));
  FP4_ASSIGN_OR_RETURN(TrainAndValidation windows, Split(loaded, model.sequence_length, data));
  std::string sha256 = loaded.Sha256OfAll();
  std::vector<std::string> warnings = Warnings(loaded, data);
  return std::make_unique<FileDataset>(std::move(loaded.files), std::move(windows),
                                       model.sequence_length, std::move(sha256),
                                       std::move(warnings));
}

}  // namespace fp4::trainer
