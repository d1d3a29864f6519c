#include "safetensors/header.h"

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <unordered_set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace fp4::safetensors {
namespace {

using Json = nlohmann::json;

// The lists in a tensor's object lie at depth 2. Deeper values are not even kept: some of what is
// done with a JSON value recurses.
constexpr size_t kMaxDepth = 4;

template <typename... Pieces>
absl::Status Invalid(const Pieces&... pieces) {
  return NotSafetensors(absl::StrCat(pieces...));
}

// Looks for what nlohmann's parser does not: a name twice in one object, and deep nesting.
class StrictWatcher : public nlohmann::json_sax<Json> {
 public:
  bool too_deep() const { return too_deep_; }
  const std::string& duplicate() const { return duplicate_; }

  bool start_object(size_t /*elements*/) override { return Open(); }
  bool start_array(size_t /*elements*/) override { return Open(); }
  bool end_object() override { return Close(); }
  bool end_array() override { return Close(); }
  bool key(string_t& name) override {
    if (!names_.back().insert(name).second) duplicate_ = name;
    return true;
  }

  bool null() override { return true; }
  bool boolean(bool /*value*/) override { return true; }
  bool number_integer(number_integer_t /*value*/) override { return true; }
  bool number_unsigned(number_unsigned_t /*value*/) override { return true; }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override { return true; }
  bool string(string_t& /*value*/) override { return true; }
  bool binary(binary_t& /*value*/) override { return true; }
  bool parse_error(size_t /*position*/, const std::string& /*token*/,
                   const Json::exception& /*error*/) override {
    return false;
  }

 private:
  bool Open() {
    too_deep_ = names_.size() > kMaxDepth;
    names_.emplace_back();
    return !too_deep_;
  }
  bool Close() {
    names_.pop_back();
    return true;
  }

  std::vector<std::unordered_set<std::string>> names_;  // of each open object; of a list none
  bool too_deep_ = false;
  std::string duplicate_;
};

absl::StatusOr<Json> ParseStrictly(std::string_view text) {
  StrictWatcher watcher;
  const bool parsed = Json::sax_parse(text, &watcher);
  if (watcher.too_deep()) return Invalid("the header nests deeper than ", kMaxDepth);
  if (!parsed) return Invalid("the header is not JSON");
  if (!watcher.duplicate().empty())
    return Invalid("'", watcher.duplicate(), "' comes twice in the header");
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return Invalid("the header is not a JSON object");
  return json;
}

absl::Status ReadMetadata(const Json& json, std::map<std::string, std::string>& metadata) {
  if (!json.is_object()) return Invalid("__metadata__ is not an object");
  for (const auto& [key, value] : json.items()) {
    if (!value.is_string()) return Invalid("__metadata__.", key, " is not a text");
    metadata[key] = value.get<std::string>();
  }
  return absl::OkStatus();
}

// Whether the tensor's shape gives this many bytes. The size of an element of an unknown type is
// not known, so that only a number of elements without end is refused.
bool FitsShape(const TensorView& tensor, uint64_t bytes) {
  const bool known = tensor.type != TensorType::kUnknown;
  uint64_t bits = known ? static_cast<uint64_t>(TensorTypeBits(tensor.type)) : 1;
  for (const int64_t dimension : tensor.shape) {
    if (__builtin_mul_overflow(bits, static_cast<uint64_t>(dimension), &bits) || bits >> 63)
      return false;
  }
  return !known || (bits % 8 == 0 && bits / 8 == bytes);
}

absl::StatusOr<TensorView> ReadTensor(const std::string& name, const Json& json,
                                      std::span<const std::byte> data) {
  if (!json.is_object() || json.size() != 3 || !json.contains("dtype") || !json.contains("shape") ||
      !json.contains("data_offsets")) {
    return Invalid("'", name, "' needs dtype, shape and data_offsets, and nothing else");
  }
  TensorView tensor;
  tensor.name = name;
  if (!json["dtype"].is_string()) {
    return Invalid("'", name, "' has the dtype ",
                   json["dtype"].dump(-1, ' ', true, Json::error_handler_t::replace),
                   ", which is not a text");
  }
  const auto type_name = json["dtype"].get<std::string>();
  tensor.type = FindTensorType(type_name);
  if (tensor.type == TensorType::kUnknown) tensor.unknown_type = type_name;
  auto is_size = [](const Json& value) {
    return value.is_number_unsigned() && value.get<uint64_t>() >> 63 == 0;
  };
  if (!json["shape"].is_array() || !std::ranges::all_of(json["shape"], is_size)) {
    return Invalid("the shape of '", name, "' is not a list of sizes");
  }
  tensor.shape = json["shape"].get<std::vector<int64_t>>();
  const Json& offsets = json["data_offsets"];
  if (!offsets.is_array() || offsets.size() != 2 || !std::ranges::all_of(offsets, is_size)) {
    return Invalid("the data_offsets of '", name, "' are not two sizes");
  }
  uint64_t begin = offsets[0].get<uint64_t>(), end = offsets[1].get<uint64_t>();
  if (begin > end || end > data.size()) {
    return Invalid("'", name, "' lies at ", begin, "..", end, " of ", data.size(), " bytes");
  }
  if (!FitsShape(tensor, end - begin)) {
    return Invalid("'", name, "' has ", end - begin,
                   " bytes, which its dtype and shape do not give");
  }
  tensor.data = data.subspan(begin, end - begin);
  return tensor;
}

// Every byte belongs to exactly one tensor.
absl::Status CheckTiling(const std::vector<TensorView>& tensors, std::span<const std::byte> data) {
  std::vector<std::pair<const std::byte*, const std::byte*>> ranges;
  ranges.reserve(tensors.size());
  for (const TensorView& tensor : tensors) {
    ranges.emplace_back(tensor.data.data(), tensor.data.data() + tensor.data.size());
  }
  std::ranges::sort(ranges);
  const std::byte* position = data.data();
  for (const auto& [begin, end] : ranges) {
    if (begin != position)
      return Invalid("the tensors leave a gap or overlap at byte ", position - data.data());
    position = end;
  }
  if (position != data.data() + data.size()) {
    return Invalid(data.data() + data.size() - position, " bytes at the end belong to no tensor");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status NotSafetensors(std::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("not a safetensors file: ", std::string(why)));
}

std::string MakeHeader(const std::vector<TensorView>& tensors,
                       const std::map<std::string, std::string>& metadata) {
  Json header = Json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  int64_t offset = 0;
  for (const TensorView& tensor : tensors) {
    int64_t end = offset + static_cast<int64_t>(tensor.data.size());
    header[tensor.name] = {
        {"dtype", tensor.type_name()}, {"shape", tensor.shape}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  return text;
}

absl::Status ParseHeader(std::string_view header, std::span<const std::byte> data,
                         std::vector<TensorView>& tensors,
                         std::map<std::string, std::string>& metadata) {
  FP4_ASSIGN_OR_RETURN(Json json, ParseStrictly(header));
  for (const auto& [name, value] : json.items()) {
    if (name == "__metadata__") {
      FP4_RETURN_IF_ERROR(ReadMetadata(value, metadata));
      continue;
    }
    FP4_ASSIGN_OR_RETURN(TensorView tensor, ReadTensor(name, value, data));
    tensors.push_back(std::move(tensor));
  }
  return CheckTiling(tensors, data);
}

}  // namespace fp4::safetensors
