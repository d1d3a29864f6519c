// Any bytes are taken as a document: no crash, no hang, and what is accepted reads back to the
// same. After a NUL byte come overrides, one a line; the event log's reader gets the same bytes.
// Seeds: tests/fuzz/make_corpus.py.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "spec/document.h"
#include "spec/events.h"
#include "spec/layers.h"

namespace {

using fp4::spec::ReadResult;

void Require(bool holds) {
  if (!holds) std::abort();
}

std::vector<std::string> Lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty() && lines.size() < 8) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

void CheckGood(const ReadResult& result) {
  for (const fp4::spec::Variant& variant : result.experiment.variants) {
    const std::string document = fp4::spec::RunDocument(variant, 3);
    const ReadResult again = fp4::spec::ReadExperiment(document, {}, {});
    Require(again.ok() && again.experiment.variants.size() == 1);
    Require(fp4::spec::RunDocument(again.experiment.variants[0], 3) == document);
    Require(!fp4::spec::FormatLayerTable(variant.run).empty());
    Require(fp4::spec::WithMachineChoices(document, variant.run.training.compute_dtype,
                                          variant.run.resources.cpu_threads) == document);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const size_t end = std::min(all.find('\0'), all.size());
  const std::string_view text = all.substr(0, end);
  const std::vector<std::string> overrides = Lines(all.substr(std::min(end + 1, all.size())));

  const ReadResult result = fp4::spec::ReadExperiment(text, overrides, {.base_folder = "/base"});
  for (const fp4::spec::Problem& problem : result.problems) Require(!problem.ToString("d").empty());
  if (result.ok()) CheckGood(result);
  const std::string absolute = fp4::spec::WithAbsolutePaths(text, "/base");
  Require(fp4::spec::WithAbsolutePaths(absolute, "/other") == absolute);
  for (const std::string& each : overrides) fp4::spec::OverrideWithAbsolutePaths(each, "/base");

  if (absl::StatusOr<fp4::spec::Event> event = fp4::spec::ParseEvent(text); event.ok()) {
    const std::string line = fp4::spec::FormatEvent(*event);
    absl::StatusOr<fp4::spec::Event> again = fp4::spec::ParseEvent(line);
    Require(again.ok() && fp4::spec::FormatEvent(*again) == line);
  }
  return 0;
}
