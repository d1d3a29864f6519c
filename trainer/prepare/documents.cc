#include "trainer/prepare/documents.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "spec/json.h"

namespace fp4::trainer {
namespace {

constexpr int64_t kPiece = 1 << 20;

absl::Status Wrong(const std::string& path, int64_t line, std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(path, ":", line, ": ", std::string(what)));
}

// The number of the line, from 1, that the first byte which is no UTF-8 stands on.
int64_t FirstWrongLine(std::string_view text) {
  int64_t line = 1;
  for (size_t begin = 0; begin < text.size(); ++line) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    if (!spec::IsUtf8(text.substr(begin, end - begin))) break;
    begin = end + 1;
  }
  return line;
}

bool IsBlank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

absl::StatusOr<std::string> TextOf(const std::string& line, const std::string& field,
                                   const std::string& path, int64_t number) {
  if (!spec::IsUtf8(line)) return Wrong(path, number, "is not UTF-8");
  const nlohmann::json object = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (object.is_discarded()) return Wrong(path, number, "is not JSON");
  if (!object.is_object()) return Wrong(path, number, "is JSON, but no object");
  const auto text = object.find(field);
  if (text == object.end())
    return Wrong(path, number, absl::StrCat("has no \"", field, "\" (see --field)"));
  if (!text->is_string()) return Wrong(path, number, absl::StrCat("\"", field, "\" is no text"));
  return text->get<std::string>();
}

}  // namespace

DocumentFile::Form FormOf(std::string_view path) {
  for (const char* suffix : {".jsonl", ".ndjson", ".json"}) {
    if (path.ends_with(suffix)) return DocumentFile::Form::kJsonLines;
  }
  return DocumentFile::Form::kText;
}

DocumentReader::DocumentReader(std::vector<DocumentFile> files, std::string field,
                               DocumentPlace from)
    : files_(std::move(files)), field_(std::move(field)), place_(from) {}

absl::StatusOr<std::optional<std::string>> DocumentReader::Next(const StopCheck& stop) {
  while (place_.file < static_cast<int64_t>(files_.size())) {
    const DocumentFile& file = files_[static_cast<size_t>(place_.file)];
    if (open_ == nullptr) {
      FP4_ASSIGN_OR_RETURN(open_, DataFile::Open(file.path));
      buffer_.clear();
      begin_ = 0;
    }
    FP4_ASSIGN_OR_RETURN(std::optional<std::string> document, NextIn(file, stop));
    if (document) return document;
    FP4_RETURN_IF_ERROR(CheckUnchanged());
    open_ = nullptr;
    place_ = {.file = place_.file + 1};
  }
  return std::optional<std::string>();
}

std::string DocumentReader::PathOf(const DocumentPlace& place) const {
  const DocumentFile& file = files_[static_cast<size_t>(place.file)];
  return place.line > 0 ? absl::StrCat(file.path, ":", place.line) : file.path;
}

absl::Status DocumentReader::CheckUnchanged() const {
  return open_ == nullptr ? absl::OkStatus() : open_->CheckUnchanged();
}

absl::StatusOr<std::optional<std::string>> DocumentReader::NextIn(const DocumentFile& file,
                                                                  const StopCheck& stop) {
  if (file.form == DocumentFile::Form::kText) {
    // An empty file is a document without text, and there is nothing behind it.
    if (place_.offset > 0 || open_->size() == 0) return std::optional<std::string>();
    FP4_ASSIGN_OR_RETURN(std::string text, ReadWhole(stop));
    if (!spec::IsUtf8(text)) return Wrong(file.path, FirstWrongLine(text), "is not UTF-8");
    place_.offset = open_->size();
    return std::optional(std::move(text));
  }
  while (true) {
    FP4_ASSIGN_OR_RETURN(const std::optional<std::string> line, ReadLine(stop));
    if (!line) return std::optional<std::string>();
    if (IsBlank(*line)) continue;
    FP4_ASSIGN_OR_RETURN(std::string text, TextOf(*line, field_, file.path, place_.line));
    return std::optional(std::move(text));
  }
}

absl::StatusOr<std::string> DocumentReader::ReadWhole(const StopCheck& stop) {
  std::string text;
  text.reserve(static_cast<size_t>(open_->size()));
  FP4_RETURN_IF_ERROR(open_->Scan(0, stop, [&](std::string_view piece) {
    text += piece;
    return absl::OkStatus();
  }));
  return text;
}

absl::StatusOr<bool> DocumentReader::ReadMore(const StopCheck& stop) {
  buffer_.erase(0, begin_);
  begin_ = 0;
  const size_t had = buffer_.size();
  const int64_t next = place_.offset + static_cast<int64_t>(had);
  const int64_t count = std::min(kPiece, open_->size() - next);
  if (count == 0) return false;
  if (stop()) return Stopped();
  buffer_.resize(had + static_cast<size_t>(count));
  const auto piece = std::span(buffer_).subspan(had);
  FP4_RETURN_IF_ERROR(open_->Read(next, std::as_writable_bytes(piece)));
  return true;
}

absl::StatusOr<std::optional<std::string>> DocumentReader::ReadLine(const StopCheck& stop) {
  size_t searched = 0, end = 0;  // behind begin_
  while ((end = buffer_.find('\n', begin_ + searched)) == std::string::npos) {
    searched = buffer_.size() - begin_;
    FP4_ASSIGN_OR_RETURN(const bool more, ReadMore(stop));
    if (!more) break;
  }
  if (begin_ == buffer_.size()) return std::optional<std::string>();
  const size_t length = std::min(end, buffer_.size()) - begin_;
  const size_t consumed = std::min(length + 1, buffer_.size() - begin_);
  std::string line = buffer_.substr(begin_, length);
  begin_ += consumed;
  place_.offset += static_cast<int64_t>(consumed);
  ++place_.line;
  return std::optional(std::move(line));
}

}  // namespace fp4::trainer
