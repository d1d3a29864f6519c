#include "server/store/json_columns.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "spec/events.h"

namespace fp4::store {
namespace {

using Json = nlohmann::json;

// Bytes that are not UTF-8 become U+FFFD.
std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string FormatStrings(const std::vector<std::string>& values) { return Dump(Json(values)); }

std::vector<std::string> ParseStrings(const std::string& json) {
  return Json::parse(json).get<std::vector<std::string>>();
}

std::string FormatIntegers(const std::vector<int32_t>& values) { return Dump(Json(values)); }

std::vector<int32_t> ParseIntegers(const std::string& json) {
  return Json::parse(json).get<std::vector<int32_t>>();
}

std::string FormatNumbers(const std::vector<double>& values) {
  return absl::StrCat(
      "[",
      absl::StrJoin(values, ",",
                    [](std::string* out, double value) { *out += spec::FormatNumber(value); }),
      "]");
}

std::vector<double> ParseNumbers(const std::string& json) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  std::vector<double> values;
  for (const Json& item : Json::parse(json)) {
    if (item.is_number()) {
      values.push_back(item.get<double>());
    } else {
      const auto text = item.get<std::string>();
      values.push_back(text == "Infinity"    ? kInfinity
                       : text == "-Infinity" ? -kInfinity
                                             : std::numeric_limits<double>::quiet_NaN());
    }
  }
  return values;
}

std::string FormatSlots(const std::vector<core::Slot>& slots) {
  Json array = Json::array();
  for (const core::Slot& slot : slots) {
    array.push_back({{"index", slot.index},
                     {"kind", slot.kind == core::SlotKind::kGpu ? "gpu" : "cpu"},
                     {"device", slot.device},
                     {"name", slot.name},
                     {"memory_bytes", slot.memory_bytes},
                     {"cpu_threads", slot.cpu_threads},
                     {"compute_dtype", ComputeDtypeName(slot.compute_dtype)}});
  }
  return Dump(array);
}

std::vector<core::Slot> ParseSlots(const std::string& json) {
  std::vector<core::Slot> slots;
  for (const Json& item : Json::parse(json)) {
    slots.push_back({.index = item.at("index"),
                     .kind = item.at("kind") == "gpu" ? core::SlotKind::kGpu : core::SlotKind::kCpu,
                     .device = item.at("device"),
                     .name = item.at("name"),
                     .memory_bytes = item.at("memory_bytes"),
                     .cpu_threads = item.at("cpu_threads"),
                     .compute_dtype = ComputeDtypeFromName(item.at("compute_dtype"))});
  }
  return slots;
}

const char* DrainName(core::Drain drain) {
  switch (drain) {
    case core::Drain::kNone:
      return "";
    case core::Drain::kFinish:
      return "finish";
    case core::Drain::kNow:
      return "now";
  }
  return "";
}

core::Drain DrainFromName(const std::string& name) {
  for (core::Drain drain : {core::Drain::kFinish, core::Drain::kNow}) {
    if (name == DrainName(drain)) return drain;
  }
  return core::Drain::kNone;
}

const char* ComputeDtypeName(spec::ComputeDtype dtype) {
  switch (dtype) {
    case spec::ComputeDtype::kAuto:
      return "auto";
    case spec::ComputeDtype::kFp32:
      return "fp32";
    case spec::ComputeDtype::kBf16:
      return "bf16";
    case spec::ComputeDtype::kFp16:
      return "fp16";
  }
  return "auto";
}

spec::ComputeDtype ComputeDtypeFromName(const std::string& name) {
  if (name == "fp32") return spec::ComputeDtype::kFp32;
  if (name == "bf16") return spec::ComputeDtype::kBf16;
  if (name == "fp16") return spec::ComputeDtype::kFp16;
  return spec::ComputeDtype::kAuto;
}

}  // namespace fp4::store
