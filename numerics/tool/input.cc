#include "numerics/tool/input.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "absl/strings/str_cat.h"
#include "base/file_start.h"
#include "base/status_macros.h"
#include "numerics/arithmetic/elements.h"
#include "spec/suggest.h"

namespace fp4::numerics::tool {
namespace {

namespace fs = std::filesystem;

bool IsReadable(safetensors::TensorType type) {
  return type == safetensors::TensorType::kF32 || type == safetensors::TensorType::kBF16 ||
         type == safetensors::TensorType::kF16;
}

// All dimensions but the last, and the last.
MatrixShape ShapeOf(const safetensors::TensorView& tensor) {
  if (tensor.shape.empty()) return {1, 1};
  MatrixShape shape = {1, tensor.shape.back()};
  for (size_t i = 0; i + 1 < tensor.shape.size(); ++i) shape.rows *= tensor.shape[i];
  return shape;
}

std::string WrongType(const safetensors::TensorView& tensor) {
  return absl::StrCat("tensor '", tensor.name, "' is ", std::string(tensor.type_name()),
                      "; only F32, BF16 and F16 can be quantized");
}

absl::Status CheckRawSize(const fs::path& path, MatrixShape shape, uint64_t bytes) {
  const auto wanted = static_cast<unsigned __int128>(shape.rows) *
                      static_cast<unsigned __int128>(shape.columns) * sizeof(float);
  if (wanted == bytes) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      path.string(), " has ", bytes, " bytes, but --rows ", shape.rows, " --cols ", shape.columns,
      " of fp32 ",
      wanted > UINT64_MAX ? "are more than any file has"
                          : absl::StrCat("need ", static_cast<uint64_t>(wanted)).c_str()));
}

absl::Status NoSuchTensor(const Options& options, const safetensors::File& file) {
  std::vector<std::string> names;
  for (const safetensors::TensorView& tensor : file.tensors()) names.push_back(tensor.name);
  return absl::InvalidArgumentError(absl::StrCat(
      "--tensor: ", options.input.string(), " has no tensor '", options.tensor, "'",
      names.empty() ? "; it is empty" : spec::SuggestionAndChoices(options.tensor, names)));
}

}  // namespace

std::vector<float> InputTensor::Values() const {
  std::vector<float> values(static_cast<size_t>(shape.size()));
  if (type == safetensors::TensorType::kF32) {
    if (!values.empty()) std::memcpy(values.data(), data.data(), values.size() * sizeof(float));
    return values;
  }
  const ElementType element =
      type == safetensors::TensorType::kF16 ? ElementType::kFp16 : ElementType::kBf16;
  for (size_t i = 0; i < values.size(); ++i) {
    uint16_t code;
    std::memcpy(&code, data.data() + 2 * i, sizeof code);
    values[i] = ElementValue(element, code);
  }
  return values;
}

absl::StatusOr<Input> Input::Open(const Options& options) {
  return options.raw_shape ? OpenRaw(options) : OpenSafetensors(options);
}

absl::StatusOr<Input> Input::OpenRaw(const Options& options) {
  std::error_code error;
  if (fs::is_regular_file(options.input, error)) {  // before a large file is read
    FP4_RETURN_IF_ERROR(
        CheckRawSize(options.input, *options.raw_shape, fs::file_size(options.input, error)));
  }
  // Of a pipe or a device no more than is wanted, and one byte to see that there is more.
  const auto wanted = static_cast<unsigned __int128>(options.raw_shape->rows) *
                      static_cast<unsigned __int128>(options.raw_shape->columns) * sizeof(float);
  FP4_ASSIGN_OR_RETURN(
      std::string content,
      ReadFileStart(options.input, static_cast<size_t>(std::min<unsigned __int128>(
                                       wanted, std::numeric_limits<size_t>::max() - 1)) +
                                       1));
  FP4_RETURN_IF_ERROR(CheckRawSize(options.input, *options.raw_shape, content.size()));
  Input input;
  input.raw_.assign(content.begin(), content.end());
  input.tensors_.push_back({"", *options.raw_shape, safetensors::TensorType::kF32,
                            std::as_bytes(std::span(input.raw_))});
  return input;
}

absl::StatusOr<Input> Input::OpenSafetensors(const Options& options) {
  absl::StatusOr<safetensors::File> file = safetensors::File::Open(options.input);
  if (absl::IsInvalidArgument(file.status())) {
    return absl::DataLossError(
        absl::StrCat(file.status().message(), " (raw fp32 needs --rows and --cols)"));
  }
  FP4_RETURN_IF_ERROR(file.status());
  Input input;
  input.file_ = *std::move(file);
  if (!options.tensor.empty() && input.file_->Find(options.tensor) == nullptr)
    return NoSuchTensor(options, *input.file_);
  for (const safetensors::TensorView& tensor : input.file_->tensors()) {
    if (!options.tensor.empty() && tensor.name != options.tensor) continue;
    if (!IsReadable(tensor.type)) {
      input.skipped_.push_back(WrongType(tensor));
    } else if (tensor.num_elements() == 0) {
      input.skipped_.push_back(absl::StrCat("tensor '", tensor.name, "' has no elements"));
    } else {
      input.tensors_.push_back({tensor.name, ShapeOf(tensor), tensor.type, tensor.data});
    }
  }
  if (!input.tensors_.empty()) return input;
  return absl::InvalidArgumentError(
      absl::StrCat(options.input.string(), ": ",
                   input.skipped_.empty() ? "holds no tensor" : input.skipped_.front()));
}

}  // namespace fp4::numerics::tool
