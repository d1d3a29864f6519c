#include "client/document_input.h"

#include <filesystem>
#include <iterator>

#include "base/file.h"
#include "spec/document.h"

namespace fp4::client {

std::string DocumentInput::TextWithAbsolutePaths() const {
  return spec::WithAbsolutePaths(text, folder);
}

absl::StatusOr<DocumentInput> ReadDocument(Context& context, const std::string& file) {
  if (file == "-") {
    return DocumentInput{.name = "<stdin>",
                         .text = std::string(std::istreambuf_iterator<char>(context.in), {}),
                         .folder = std::filesystem::current_path().string()};
  }
  auto text = ReadFile(file);
  if (!text.ok()) return absl::InvalidArgumentError(text.status().message());
  return DocumentInput{.name = file,
                       .text = *std::move(text),
                       .folder = std::filesystem::absolute(file).lexically_normal().parent_path()};
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
