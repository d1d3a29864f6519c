#include "client/document_input.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "base/file_start.h"
#include "client/errors.h"
#include "client/render/text.h"
#include "spec/document.h"
#include "spec/json.h"

namespace fp4::client {
namespace {

// So much that the reader of documents says that it is too much, of a file without an end too.
constexpr size_t kEnough = spec::kMaxJsonBytes + 1;

std::string ReadStart(std::istream& in) {
  std::string text(kEnough, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(in.gcount());
  return text;
}

}  // namespace

std::string DocumentInput::TextWithAbsolutePaths() const {
  return spec::WithAbsolutePaths(text, folder);
}

absl::StatusOr<DocumentInput> ReadDocument(Context& context, const std::string& file) {
  if (file == "-") {
    return DocumentInput{.name = "<stdin>",
                         .text = ReadStart(context.in),
                         .folder = std::filesystem::current_path().string()};
  }
  auto text = ReadFileStart(file, kEnough);
  if (!text.ok()) return absl::InvalidArgumentError(text.status().message());
  return DocumentInput{.name = file,
                       .text = *std::move(text),
                       .folder = std::filesystem::absolute(file).lexically_normal().parent_path()};
}

absl::Status CheckFolder(const DocumentInput& document) {
  if (spec::IsUtf8(document.TextWithAbsolutePaths())) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      Printable(document.name), ": the name of its folder, '", Printable(document.folder),
      "', is not UTF-8; no relative path of a document can start there"));
}

absl::Status PrintProblems(const std::vector<spec::Problem>& problems,
                           const DocumentInput& document, Context& context) {
  for (const spec::Problem& problem : problems) {
    context.err << problem.ToString(document.name) << "\n";
  }
  return BadDocument();
}

Option DocumentArgument(std::string& file) {
  return {.names = "FILE",
          .target = &file,
          .help = "The document; - reads standard input",
          .required = true};
}

Option SetOption(std::vector<std::string>& overrides) {
  return {.names = "--set",
          .target = &overrides,
          .help = "Override a field: path=value, after the variants",
          .value_name = "K=V"};
}

}  // namespace fp4::client
