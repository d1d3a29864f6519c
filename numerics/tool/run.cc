#include "numerics/tool/run.h"

#include <algorithm>
#include <thread>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "numerics/cpu/quantize.h"
#include "numerics/cpu/thread_pool.h"
#include "numerics/tool/charts_page.h"
#include "numerics/tool/input.h"
#include "numerics/tool/options.h"
#include "numerics/tool/output.h"
#include "numerics/tool/report_page.h"

namespace fp4::numerics::tool {
namespace {

template <class T>
void Append(std::string& bytes, std::span<const T> values) {
  bytes.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
}

// With double quantization: the 8-bit codes, then the scales of their groups, then the offset. Of
// `ternary`, whose only scale is the tensor's: that one. Empty where a format has none.
std::string ScaleBytes(const Quantized& quantized, const QuantizeOptions& options) {
  std::string bytes;
  Append<uint8_t>(bytes, quantized.scales);
  if (bytes.empty() && quantized.has_tensor_scale)
    Append<float>(bytes, std::span(&quantized.tensor_scale, 1));
  if (!options.double_quantization) return bytes;
  Append<float>(bytes, quantized.scale_scales);
  Append<float>(bytes, std::span(&quantized.scale_offset, 1));
  return bytes;
}

absl::Status WriteOutputs(const Options& options, const Quantized& quantized,
                          std::span<const float> decoded) {
  std::string bytes;
  if (!options.codes.empty()) {
    Append<uint8_t>(bytes, quantized.codes);
    FP4_RETURN_IF_ERROR(WriteFileDurably(options.codes, bytes));
  }
  if (!options.scales.empty()) {
    FP4_RETURN_IF_ERROR(WriteFileDurably(options.scales, ScaleBytes(quantized, options.quantize)));
  }
  if (!options.decoded.empty()) {
    bytes.clear();
    Append<float>(bytes, decoded);
    FP4_RETURN_IF_ERROR(WriteFileDurably(options.decoded, bytes));
  }
  return absl::OkStatus();
}

// The panels are left empty where no report is wanted.
absl::StatusOr<TensorReport> Measure(const Options& options, const InputTensor& tensor,
                                     const analysis::PanelLimits& limits,
                                     const ParallelFor& parallel) {
  const std::vector<float> values = tensor.Values();
  std::vector<float> decoded(values.size());
  Quantized quantized;
  const Format& format = *options.format;
  FP4_RETURN_IF_ERROR(
      cpu::Encode(format, values, tensor.shape, options.quantize, quantized, parallel));
  FP4_RETURN_IF_ERROR(cpu::Decode(format, quantized, options.quantize, decoded, parallel));
  FP4_RETURN_IF_ERROR(WriteOutputs(options, quantized, decoded));
  TensorReport report;
  if (!options.report.empty()) report.panels = MakeTensorPanels(values, decoded, limits);
  Result& result = report.result;
  result.name = tensor.name;
  result.format = format.info().name;
  result.shape = tensor.shape;
  result.stats = MeasureError(values, decoded, parallel);
  result.clipped = CountClipped(format, values, quantized, options.quantize);
  result.bits_per_value = format.BitsPerValue(options.quantize, tensor.shape);
  result.bytes = quantized.stored_bytes();
  result.has_tensor_scale = quantized.has_tensor_scale;
  result.tensor_scale = quantized.tensor_scale;
  return report;
}

// Before anything is done.
absl::Status CheckTensors(const Options& options, const std::vector<InputTensor>& tensors) {
  if (options.writes() && tensors.size() != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("--codes, --scales and --decoded are for one tensor, but ",
                     options.input.string(), " has ", tensors.size(), "; choose with --tensor"));
  }
  for (const InputTensor& tensor : tensors) {
    absl::Status status = options.format->Check(options.quantize, tensor.shape);
    if (status.ok()) continue;
    const std::string where =
        tensor.name.empty() ? "" : absl::StrCat("tensor '", tensor.name, "': ");
    return absl::InvalidArgumentError(absl::StrCat(where, status.message()));
  }
  return absl::OkStatus();
}

absl::Status Quantize(const Options& options, const ParallelFor& parallel, std::ostream& out,
                      std::ostream& err) {
  FP4_ASSIGN_OR_RETURN(Input input, Input::Open(options));
  for (const std::string& why : input.skipped()) err << "fp4-quantize: left out: " << why << '\n';
  FP4_RETURN_IF_ERROR(CheckTensors(options, input.tensors()));
  const analysis::PanelLimits limits = LimitsFor(input.tensors().size());
  std::vector<TensorReport> reports;
  std::vector<Result> results;
  for (const InputTensor& tensor : input.tensors()) {
    FP4_ASSIGN_OR_RETURN(TensorReport report, Measure(options, tensor, limits, parallel));
    results.push_back(report.result);
    reports.push_back(std::move(report));
  }
  if (!options.report.empty()) {
    FP4_RETURN_IF_ERROR(
        WriteFileDurably(options.report, RenderReport(options, reports, input.skipped())));
  }
  PrintResults(results, options.json, out);
  return absl::OkStatus();
}

absl::Status DrawCharts(const Options& options, const ParallelFor& parallel, std::ostream& out) {
  const uint64_t seed = options.quantize.seed;
  if (absl::Status status = analysis::CheckChoices(options.choices); !status.ok()) {
    if (options.choices.size() == 1) return status;
    return absl::InvalidArgumentError(absl::StrCat(
        status.message(), "; an option of one format alone: --format NAME:OPTION=VALUE"));
  }
  FP4_ASSIGN_OR_RETURN(const analysis::FormatCharts charts,
                       analysis::ComputeFormatCharts(options.choices, seed, parallel));
  FP4_RETURN_IF_ERROR(WriteFileDurably(options.charts, RenderCharts(charts, seed)));
  PrintResults(ChartResults(charts), options.json, out);
  return absl::OkStatus();
}

absl::Status Run(const Options& options, std::ostream& out, std::ostream& err) {
  if (options.list) {
    PrintFormats(AllFormats(), options.json, out);
    return absl::OkStatus();
  }
  cpu::ThreadPool pool(static_cast<int>(std::max(1u, std::thread::hardware_concurrency())));
  return options.charts.empty() ? Quantize(options, pool.parallel_for(), out, err)
                                : DrawCharts(options, pool.parallel_for(), out);
}

}  // namespace

int RunTool(int argc, const char* const* argv, std::ostream& out, std::ostream& err) {
  int exit_code = kExitDone;
  std::optional<Options> options = ParseCommandLine(argc, argv, out, err, exit_code);
  if (!options) return exit_code;
  absl::Status status = Run(*options, out, err);
  if (status.ok()) return kExitDone;
  err << "fp4-quantize: " << status.message() << '\n';
  return absl::IsInvalidArgument(status) ? kExitUsage : kExitFailure;
}

}  // namespace fp4::numerics::tool
