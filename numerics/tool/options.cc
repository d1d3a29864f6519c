#include "numerics/tool/options.h"

#include <CLI/CLI.hpp>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/version.h"
#include "spec/suggest.h"

namespace fp4::numerics::tool {
namespace {

namespace fs = std::filesystem;

// As written.
struct Texts {
  std::string format, scale_mode, four_over_six, output = "text", report, charts;
  std::string rounding = "nearest";
  std::optional<int64_t> rows, columns;
  bool version = false;
};

void DeclareInput(CLI::App& app, Texts& texts, Options& options) {
  app.add_option("INPUT", options.input,
                 "A safetensors file, or raw little-endian fp32 with --rows and --cols");
  app.add_option("--tensor", options.tensor, "The tensor of the file. Default: all");
  app.add_option("--rows", texts.rows, "Rows of a raw input")->check(CLI::PositiveNumber);
  app.add_option("--cols", texts.columns, "Columns of a raw input")->check(CLI::PositiveNumber);
}

void DeclareQuantization(CLI::App& app, Texts& texts, QuantizeOptions& quantize) {
  app.add_option("--format", texts.format, "The number format; --list shows them");
  app.add_option("--block", quantize.block,
                 "What shares a scale: 64, 1x16, 16x16, row, tensor, none. Default: the format's");
  app.add_option("--scale-mode", texts.scale_mode, "How E8M0 scales are chosen. Default: floor")
      ->check(CLI::IsMember({"floor", "rceil", "even", "ceil"}));
  app.add_option("--four-over-six", texts.four_over_six,
                 "nvfp4: the better of two scales for each block, by this error")
      ->check(CLI::IsMember({"mse", "mae"}));
  app.add_flag("--double-quantization", quantize.double_quantization,
               "fp4 and nf4: keep the block scales in 8 bits");
  app.add_option("--rounding", texts.rounding, "nearest or stochastic")
      ->check(CLI::IsMember({"nearest", "stochastic"}))
      ->capture_default_str();
  app.add_option("--seed", quantize.seed, "Of stochastic rounding and of the rotation's signs")
      ->capture_default_str();
  app.add_option("--headroom", quantize.headroom,
                 "Factor on a block's maximum before its scale. Default: the format's");
  app.add_option("--hadamard", quantize.hadamard,
                 "Rotate groups of 16, 32, 64 or 128 columns first, and back when decoded");
}

void DeclareOutput(CLI::App& app, Texts& texts, Options& options) {
  app.add_option("--codes", options.codes, "Write the packed codes here (one tensor only)");
  app.add_option("--scales", options.scales, "Write the scales as stored here (one tensor only)");
  app.add_option("--decoded", options.decoded,
                 "Write the decoded values, raw fp32, here (one tensor only)");
  app.add_option("-o,--output", texts.output, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  app.add_flag("--list", options.list, "List the formats with their properties, and exit");
  app.add_option("--report", texts.report)->group("");
  app.add_option("--charts", texts.charts)->group("");
  app.add_flag("--version", texts.version, "Print the version and exit");
}

absl::Status Refuse(std::string_view option, std::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(std::string(option), ": ", std::string(why)));
}

absl::Status ReadFormat(const Texts& texts, Options& options) {
  if (texts.format.empty()) return Refuse("--format", "is missing; --list shows the formats");
  options.format = FindFormat(texts.format);
  if (options.format != nullptr) return absl::OkStatus();
  std::vector<std::string> names;
  for (const Format* format : AllFormats()) names.emplace_back(format->info().name);
  return Refuse("--format", absl::StrCat("there is no format '", texts.format, "'",
                                         spec::SuggestionAndChoices(texts.format, names)));
}

void ReadQuantization(const Texts& texts, QuantizeOptions& quantize) {
  if (texts.rounding == "stochastic") quantize.rounding = Rounding::kStochastic;
  if (texts.four_over_six == "mse") quantize.four_over_six = FourOverSix::kMse;
  if (texts.four_over_six == "mae") quantize.four_over_six = FourOverSix::kMae;
  quantize.scale_mode_set = !texts.scale_mode.empty();
  if (texts.scale_mode == "rceil") quantize.scale_mode = ScaleMode::kRoundCeil;
  if (texts.scale_mode == "even") quantize.scale_mode = ScaleMode::kEven;
  if (texts.scale_mode == "ceil") quantize.scale_mode = ScaleMode::kCeil;
}

absl::Status ReadShape(const Texts& texts, Options& options) {
  if (texts.rows.has_value() != texts.columns.has_value()) {
    return Refuse(texts.rows ? "--cols" : "--rows", "is missing; a raw input needs both");
  }
  if (!texts.rows) return absl::OkStatus();
  if (!options.tensor.empty())
    return Refuse("--tensor", "a raw input (--rows, --cols) has no named tensors");
  options.raw_shape = MatrixShape{*texts.rows, *texts.columns};
  return absl::OkStatus();
}

absl::Status CheckOutputs(const Options& options) {
  const std::pair<std::string_view, fs::path> outputs[] = {
      {"--codes", options.codes}, {"--scales", options.scales}, {"--decoded", options.decoded}};
  std::error_code ignored;
  std::vector<fs::path> taken = {fs::weakly_canonical(options.input, ignored)};
  for (const auto& [option, path] : outputs) {
    if (path.empty()) continue;
    std::error_code error;
    fs::path canonical = fs::weakly_canonical(path, error);
    if (fs::exists(path, error) && !fs::is_regular_file(path, error))
      return Refuse(option, absl::StrCat(path.string(), " is not a regular file"));
    for (const fs::path& other : taken) {
      if (canonical == other)
        return Refuse(option, absl::StrCat(path.string(), " is the input or another output"));
    }
    taken.push_back(canonical);
  }
  return absl::OkStatus();
}

absl::Status Read(const Texts& texts, Options& options) {
  constexpr std::string_view kNoCharts = "this version draws no charts; use -o json";
  if (!texts.report.empty()) return Refuse("--report", kNoCharts);
  if (!texts.charts.empty()) return Refuse("--charts", kNoCharts);
  options.json = texts.output == "json";
  if (options.list) return absl::OkStatus();
  if (options.input.empty()) return Refuse("INPUT", "is missing; --help shows the command line");
  FP4_RETURN_IF_ERROR(ReadFormat(texts, options));
  ReadQuantization(texts, options.quantize);
  FP4_RETURN_IF_ERROR(ReadShape(texts, options));
  return CheckOutputs(options);
}

}  // namespace

std::optional<Options> ParseCommandLine(int argc, const char* const* argv, std::ostream& out,
                                        std::ostream& err, int& exit_code) {
  CLI::App app("Quantizes tensors and measures what that does to them.", "fp4-quantize");
  Texts texts;
  Options options;
  DeclareInput(app, texts, options);
  DeclareQuantization(app, texts, options.quantize);
  DeclareOutput(app, texts, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    exit_code = app.exit(error, out, err) == 0 ? kExitDone : kExitUsage;
    return std::nullopt;
  }
  if (texts.version) {
    out << "fp4-quantize " << Version() << " (" << GitRevision() << ")\n";
    exit_code = kExitDone;
    return std::nullopt;
  }
  if (absl::Status status = Read(texts, options); !status.ok()) {
    err << "fp4-quantize: " << status.message() << '\n';
    exit_code = kExitUsage;
    return std::nullopt;
  }
  return options;
}

}  // namespace fp4::numerics::tool
