#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "numerics/format.h"

namespace fp4::numerics {
namespace {

std::vector<const Format*>& MutableFormats() {
  static std::vector<const Format*> formats;
  return formats;
}

// A positive decimal number that is all of `text`; 0 if it is not one.
int64_t ParsePositive(std::string_view text) {
  int64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  bool all = error == std::errc() && end == text.data() + text.size();
  return all && number > 0 ? number : 0;
}

}  // namespace

FormatRegistration::FormatRegistration(const Format& format) {
  std::vector<const Format*>& formats = MutableFormats();
  auto by_name = [](const Format* a, std::string_view name) { return a->info().name < name; };
  auto place = std::lower_bound(formats.begin(), formats.end(), format.info().name, by_name);
  if (place != formats.end() && (*place)->info().name == format.info().name) {
    std::fprintf(stderr, "two formats are named '%s'\n", std::string(format.info().name).c_str());
    std::abort();
  }
  formats.insert(place, &format);
}

std::span<const Format* const> AllFormats() { return MutableFormats(); }

const Format* FindFormat(std::string_view name) {
  for (const Format* format : AllFormats()) {
    if (format->info().name == name) return format;
  }
  return nullptr;
}

absl::StatusOr<BlockShape> ParseBlock(std::string_view text) {
  using Kind = BlockShape::Kind;
  if (text == "none") return BlockShape{Kind::kElement, 1, 1};
  if (text == "row") return BlockShape{Kind::kRow, 1, 0};
  if (text == "tensor") return BlockShape{Kind::kTensor, 0, 0};
  if (int64_t size = ParsePositive(text); size > 0) return BlockShape{Kind::kFlat, 1, size};
  if (size_t x = text.find('x'); x != std::string_view::npos) {
    int64_t rows = ParsePositive(text.substr(0, x)), columns = ParsePositive(text.substr(x + 1));
    if (rows > 0 && columns > 0) return BlockShape{Kind::kTile, rows, columns};
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "block '", std::string(text), "' is none of: a number, ROWSxCOLUMNS, row, tensor, none"));
}

int64_t Quantized::stored_bytes() const {
  auto bytes =
      static_cast<int64_t>(codes.size() + scales.size() + scale_scales.size() * sizeof(float));
  if (has_tensor_scale) bytes += sizeof(float);
  if (!scale_scales.empty()) bytes += sizeof(float);  // the offset
  return bytes;
}

}  // namespace fp4::numerics
