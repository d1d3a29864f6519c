#include "trainer/checkpoint/manifest.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "base/health_codes.h"

namespace fp4::trainer {
namespace {

constexpr int kLayout = 1;

// Earlier versions knew one code and wrote its layers alone.
ReportedFindings ReadReported(const nlohmann::json& json) {
  if (json.contains("reported")) return json["reported"].get<ReportedFindings>();
  ReportedFindings reported;
  json.at("frozen_layers").get_to(reported[std::string(health_code::kFrozenLayer)]);
  return reported;
}

}  // namespace

std::string FormatManifest(const Manifest& manifest) {
  nlohmann::ordered_json json = {
      {"layout", kLayout},
      {"step", manifest.step},
      {"attempt", manifest.attempt},
      {"state_bytes", manifest.state_bytes},
      {"state_sha256", manifest.state_sha256},
      {"document_sha256", manifest.document_sha256},
      {"data_sha256", manifest.data_sha256},
      {"compute_dtype", manifest.compute_dtype},
      {"cpu_threads", manifest.cpu_threads},
      {"evaluated", manifest.evaluated},
      {"metric", manifest.metric},
      {"metric_value", nullptr},
      {"energy_joules", manifest.energy_joules},
      {"reported", manifest.reported},
  };
  if (manifest.metric_value) json["metric_value"] = *manifest.metric_value;
  return json.dump(2) + "\n";
}

absl::StatusOr<Manifest> ParseManifest(std::string_view text) {
  try {
    auto json = nlohmann::json::parse(text);
    if (json.at("layout") != kLayout)
      return absl::InvalidArgumentError("manifest.json is of another layout");
    Manifest manifest;
    json.at("step").get_to(manifest.step);
    json.at("attempt").get_to(manifest.attempt);
    json.at("state_bytes").get_to(manifest.state_bytes);
    json.at("state_sha256").get_to(manifest.state_sha256);
    json.at("document_sha256").get_to(manifest.document_sha256);
    json.at("data_sha256").get_to(manifest.data_sha256);
    json.at("compute_dtype").get_to(manifest.compute_dtype);
    json.at("cpu_threads").get_to(manifest.cpu_threads);
    json.at("metric").get_to(manifest.metric);
    if (!json.at("metric_value").is_null())
      manifest.metric_value = json["metric_value"].get<double>();
    // Checkpoints of earlier versions do not have these.
    manifest.energy_joules = json.value("energy_joules", 0.0);
    manifest.evaluated = json.value("evaluated", false);
    manifest.reported = ReadReported(json);
    return manifest;
  } catch (const nlohmann::json::exception& error) {
    return absl::InvalidArgumentError(absl::StrCat("manifest.json: ", error.what()));
  }
}

}  // namespace fp4::trainer
