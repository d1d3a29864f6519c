#include "numerics/tool/options.h"

#include <CLI/CLI.hpp>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/number.h"
#include "base/status_macros.h"
#include "base/version.h"
#include "numerics/quantizer_options.h"
#include "spec/suggest.h"

namespace fp4::numerics::tool {
namespace {

namespace fs = std::filesystem;

// The quantizer options that were given, as written, by their place in the table; of a switch
// "true".
using QuantizationTexts = std::vector<std::optional<std::string>>;

struct Texts {
  std::vector<std::string> formats;
  QuantizationTexts quantization{QuantizerOptions().size()};
  std::string output = "text";
  std::optional<int64_t> rows, columns;
  bool version = false;
};

void DeclareInput(CLI::App& app, Texts& texts, Options& options) {
  app.add_option("INPUT", options.input,
                 "A safetensors file, or raw little-endian fp32 with --rows and --cols");
  app.add_option("--tensor", options.tensor, "The tensor of the file. Default: all");
  app.add_option("--rows", texts.rows, "Rows of a raw input")->check(NumberCheck<int64_t>(1));
  app.add_option("--cols", texts.columns, "Columns of a raw input")->check(NumberCheck<int64_t>(1));
}

void DeclareQuantizerOption(CLI::App& app, const QuantizerOption& option,
                            std::optional<std::string>& text) {
  const std::string flag = option.flag(), help(option.help);
  if (option.kind == OptionKind::kSwitch) {
    app.add_flag_callback(
        flag, [&text] { text = "true"; }, help);
    return;
  }
  CLI::Option* added = app.add_option(flag, text, help);
  if (!option.usual.empty()) added->default_str(std::string(option.usual));
  switch (option.kind) {
    case OptionKind::kChoice:
      added->check(
          CLI::IsMember(std::vector<std::string>(option.choices.begin(), option.choices.end())));
      break;
    case OptionKind::kInteger:
      added->check(NumberCheck<int>())->type_name("INT");
      break;
    case OptionKind::kNumber:
      added->check(NumberCheck<float>())->type_name("FLOAT");
      break;
    case OptionKind::kBlock:
    case OptionKind::kSwitch:
      break;
  }
}

void DeclareQuantization(CLI::App& app, QuantizationTexts& texts, QuantizeOptions& quantize) {
  for (size_t i = 0; i < texts.size(); ++i)
    DeclareQuantizerOption(app, QuantizerOptions()[i], texts[i]);
  app.add_option("--seed", quantize.seed,
                 "Of stochastic rounding, of the rotation's signs and of generated weights")
      ->check(NumberCheck<uint64_t>())
      ->capture_default_str();
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
  app.add_option("--report", options.report,
                 "Draw what happened to each tensor into this HTML file");
  app.add_option("--charts", options.charts,
                 "Instead of quantizing INPUT, compare the named formats in this HTML file, on "
                 "weights generated from --seed");
  app.add_flag("--version", texts.version, "Print the version and exit");
}

absl::Status Refuse(std::string_view option, std::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(std::string(option), ": ", std::string(why)));
}

// `text` has passed the checks of its declaration.
OptionValue ReadOptionValue(const QuantizerOption& option, const std::string& text) {
  switch (option.kind) {
    case OptionKind::kSwitch:
      return true;
    case OptionKind::kInteger:
    case OptionKind::kNumber:
      return *ParseNumber<double>(text);
    case OptionKind::kBlock:
    case OptionKind::kChoice:
      break;
  }
  return text;
}

void ReadQuantization(const QuantizationTexts& texts, QuantizeOptions& quantize) {
  for (size_t i = 0; i < texts.size(); ++i) {
    const QuantizerOption& option = QuantizerOptions()[i];
    if (texts[i]) option.set(ReadOptionValue(option, *texts[i]), quantize);
  }
  quantize.signs.seed = quantize.seed;
}

absl::StatusOr<const Format*> ReadFormat(const std::string& name) {
  if (const Format* format = FindFormat(name); format != nullptr) return format;
  std::vector<std::string> names;
  for (const Format* format : AllFormats()) names.emplace_back(format->info().name);
  return Refuse("--format", absl::StrCat("there is no format '", name, "'",
                                         spec::SuggestionAndChoices(name, names)));
}

// NAME, or NAME:OPTION=VALUE,OPTION,… with options of DeclareQuantization, which win over `texts`
// and `quantize`, those of the command line.
absl::StatusOr<FormatChoice> ReadChoice(const std::string& text, QuantizationTexts texts,
                                        QuantizeOptions quantize) {
  const size_t colon = text.find(':');
  FP4_ASSIGN_OR_RETURN(const Format* format, ReadFormat(text.substr(0, colon)));
  if (colon != std::string::npos) {
    CLI::App app;
    app.set_help_flag();
    DeclareQuantization(app, texts, quantize);
    std::vector<std::string> arguments;
    for (const std::string& option : CLI::detail::split(text.substr(colon + 1), ',')) {
      if (option.empty()) return Refuse("--format", absl::StrCat(text, ": an option is empty"));
      arguments.insert(arguments.begin(), "--" + option);  // CLI11 takes them from the end
    }
    try {
      app.parse(std::move(arguments));
    } catch (const CLI::ParseError& error) {
      return Refuse("--format", absl::StrCat(text, ": ", error.what()));
    }
  }
  ReadQuantization(texts, quantize);
  return FormatChoice{text, format, std::move(quantize)};
}

absl::Status ReadChoices(const Texts& texts, Options& options) {
  if (texts.formats.empty()) return Refuse("--format", "is missing; --list shows the formats");
  for (const std::string& text : texts.formats) {
    for (const FormatChoice& other : options.choices) {
      if (other.label == text) return Refuse("--format", absl::StrCat(text, " is named twice"));
    }
    FP4_ASSIGN_OR_RETURN(FormatChoice choice,
                         ReadChoice(text, texts.quantization, options.quantize));
    options.choices.push_back(std::move(choice));
  }
  return absl::OkStatus();
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
  const std::pair<std::string_view, fs::path> outputs[] = {{"--codes", options.codes},
                                                           {"--scales", options.scales},
                                                           {"--decoded", options.decoded},
                                                           {"--report", options.report},
                                                           {"--charts", options.charts}};
  std::error_code ignored;
  std::vector<fs::path> taken;
  if (!options.input.empty()) taken.push_back(fs::weakly_canonical(options.input, ignored));
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

// --charts reads and writes nothing else.
absl::Status CheckCharts(const Texts& texts, const Options& options) {
  const std::pair<std::string_view, bool> others[] = {
      {"INPUT", !options.input.empty()},       {"--tensor", !options.tensor.empty()},
      {"--rows", texts.rows.has_value()},      {"--cols", texts.columns.has_value()},
      {"--codes", !options.codes.empty()},     {"--scales", !options.scales.empty()},
      {"--decoded", !options.decoded.empty()}, {"--report", !options.report.empty()}};
  for (const auto& [option, given] : others) {
    if (given)
      return Refuse(option, "does not go with --charts, which compares formats on generated data");
  }
  return CheckOutputs(options);
}

absl::Status Read(const Texts& texts, Options& options) {
  options.json = texts.output == "json";
  if (options.list) return absl::OkStatus();
  if (options.charts.empty() && options.input.empty())
    return Refuse("INPUT", "is missing; --help shows the command line");
  FP4_RETURN_IF_ERROR(ReadChoices(texts, options));
  if (!options.charts.empty()) return CheckCharts(texts, options);
  if (options.choices.size() > 1) return Refuse("--format", "only --charts takes several formats");
  options.format = options.choices.front().format;
  options.quantize = options.choices.front().options;
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
  app.add_option("--format", texts.formats,
                 "The number format, alone or with options of its own, NAME:OPTION=VALUE,…; --list "
                 "shows them. With --charts: once for each")
      ->allow_extra_args(false);
  DeclareQuantization(app, texts.quantization, options.quantize);
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
