#include "trainer/roofline/roofline.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/trainer_exit.h"
#include "trainer/backend/probe.h"
#include "trainer/ending.h"
#include "trainer/roofline/machine.h"
#include "trainer/roofline/products.h"
#include "trainer/run/math_environment.h"
#include "trainer/tensor_types.h"

namespace fp4::trainer {
namespace {

struct Row {
  Product product;
  double measured = 0;  // seconds
  Bound bound, four_bit;
};

struct Roofline {
  std::string device, compute_type;
  int64_t threads = 0;
  double compute_bits = 0;
  MachineLimits machine;
  std::vector<Row> rows;
};

spec::ComputeDtype TypeFor(const spec::RunSpec& run, const Backend& backend) {
  if (run.training.compute_dtype != spec::ComputeDtype::kAuto) return run.training.compute_dtype;
  return backend.device().is_cpu() ? ProbeCpu().best() : spec::ComputeDtype::kBf16;
}

at::ScalarType ScalarTypeOf(spec::ComputeDtype type) {
  return type == spec::ComputeDtype::kFp32   ? at::kFloat
         : type == spec::ComputeDtype::kFp16 ? at::kHalf
                                             : at::kBFloat16;
}

// As the trainer multiplies: wgrad's first operand lies transposed, fprop's second too.
double Measure(Backend& backend, const Product& product, const at::TensorOptions& options) {
  const bool wgrad = product.gemm == spec::Gemm::kWgrad;
  const bool fprop = product.gemm == spec::Gemm::kFprop;
  at::Tensor a = wgrad ? at::rand({product.k, product.m}, options).t()
                       : at::rand({product.m, product.k}, options);
  at::Tensor b = fprop ? at::rand({product.n, product.k}, options).t()
                       : at::rand({product.k, product.n}, options);
  return FastestSeconds(backend, [&] {
    at::Tensor c = at::mm(a, b);
    if (wgrad) c = c.to(at::kFloat);
  });
}

absl::Status Fill(const Options& options, const spec::RunSpec& run, Roofline& roofline) {
  auto backend = MakeBackend(options.device, run.resources.gpus > 0 || run.resources.gpus_auto);
  if (!backend.ok()) return backend.status();
  at::NoGradGuard no_grad;
  roofline.threads = run.resources.cpu_threads > 0 ? run.resources.cpu_threads : AvailableCores();
  at::set_num_threads(static_cast<int>(roofline.threads));
  const spec::ComputeDtype type = TypeFor(run, **backend);
  roofline.device = absl::StrCat((*backend)->device().str(), ", ", (*backend)->device_name());
  roofline.compute_type = ComputeDtypeName(type);
  const auto tensors = at::TensorOptions((*backend)->device()).dtype(ScalarTypeOf(type));
  roofline.compute_bits = 8.0 * static_cast<double>(c10::elementSize(ScalarTypeOf(type)));
  roofline.machine = MeasureMachine(**backend, ScalarTypeOf(type));
  const MachineLimits& machine = roofline.machine;
  for (const Product& product : ProductsOf(run)) {
    roofline.rows.push_back(
        {.product = product,
         .measured = Measure(**backend, product, tensors),
         .bound = BoundOf(product, roofline.compute_bits, machine.flops, machine.bandwidth),
         .four_bit =
             FourBitBoundOf(product, roofline.compute_bits, machine.flops, machine.bandwidth)});
  }
  return absl::OkStatus();
}

const char* BoundName(const Bound& bound) { return bound.by_memory() ? "memory" : "arithmetic"; }

double BytesOf(const Row& row, double compute_bits) {
  return row.product.bytes(compute_bits,
                           row.product.gemm == spec::Gemm::kWgrad ? 32 : compute_bits);
}

void WriteText(const Roofline& roofline, std::ostream& out) {
  const MachineLimits& machine = roofline.machine;
  out << absl::StrFormat(
      "device     %s, %d threads, %s\npeak       %.1f GFLOP/s (a large GEMM)\n"
      "bandwidth  %.1f GB/s (a copy, read and written)\n"
      "ridge      %.1f FLOP/byte: below it memory bounds a product, above it arithmetic\n\n",
      roofline.device, roofline.threads, roofline.compute_type, machine.flops / 1e9,
      machine.bandwidth / 1e9, machine.ridge());
  size_t width = 6;
  for (const Row& row : roofline.rows) width = std::max(width, row.product.layers.size());
  out << absl::StrFormat("%-*s %5s %-5s %20s %9s %9s %9s %-10s %9s %9s %8s %-10s %7s\n", width,
                         "layers", "count", "gemm", "m x k x n", "MFLOP", "MB", "FLOP/byte",
                         "bound by", "bound us", "took us", "of bound", "in 4 bits", "faster");
  double bound = 0, four_bit = 0, measured = 0;
  for (const Row& row : roofline.rows) {
    const Product& product = row.product;
    const double bytes = BytesOf(row, roofline.compute_bits);
    out << absl::StrFormat(
        "%-*s %5d %-5s %20s %9.2f %9.3f %9.1f %-10s %9.1f %9.1f %7.0f%% %-10s %6.2fx\n", width,
        product.layers, product.count, std::string(spec::GemmName(product.gemm)),
        absl::StrCat(product.m, " x ", product.k, " x ", product.n), product.flop() / 1e6,
        bytes / 1e6, product.flop() / bytes, BoundName(row.bound), 1e6 * row.bound.seconds(),
        1e6 * row.measured, 100 * row.bound.seconds() / row.measured, BoundName(row.four_bit),
        row.bound.seconds() / row.four_bit.seconds());
    const auto count = static_cast<double>(product.count);
    bound += count * row.bound.seconds();
    four_bit += count * row.four_bit.seconds();
    measured += count * row.measured;
  }
  out << absl::StrFormat(
      "\nall products of a micro-batch: bound %.3f ms, took %.3f ms; with 4-bit operands (%.1f "
      "bits "
      "a value, %gx the arithmetic, the same bandwidth) the bound would be %.3f ms, %.2fx faster\n",
      1e3 * bound, 1e3 * measured, kFourBits, kFourBitSpeed, 1e3 * four_bit, bound / four_bit);
  out.flush();
}

nlohmann::ordered_json BoundJson(const Bound& bound) {
  return {{"by", BoundName(bound)},
          {"memory_seconds", bound.memory},
          {"arithmetic_seconds", bound.arithmetic}};
}

void WriteJson(const Roofline& roofline, std::ostream& out) {
  nlohmann::ordered_json json = {
      {"device", roofline.device},
      {"threads", roofline.threads},
      {"compute_dtype", roofline.compute_type},
      {"peak_flops", roofline.machine.flops},
      {"bandwidth_bytes", roofline.machine.bandwidth},
      {"ridge_flop_per_byte", roofline.machine.ridge()},
      {"four_bit", {{"operand_bits", kFourBits}, {"speed", kFourBitSpeed}}},
      {"products", nlohmann::ordered_json::array()}};
  for (const Row& row : roofline.rows) {
    json["products"].push_back({{"layers", row.product.layers},
                                {"count", row.product.count},
                                {"gemm", std::string(spec::GemmName(row.product.gemm))},
                                {"m", row.product.m},
                                {"k", row.product.k},
                                {"n", row.product.n},
                                {"flop", row.product.flop()},
                                {"bytes", BytesOf(row, roofline.compute_bits)},
                                {"seconds", row.measured},
                                {"bound", BoundJson(row.bound)},
                                {"four_bit_bound", BoundJson(row.four_bit)}});
  }
  out << json.dump(2) << std::endl;
}

}  // namespace

int PrintRoofline(const Options& options, const SelectedRun& selected, std::ostream& out) {
  Roofline roofline;
  StepContext context;
  const absl::Status status =
      WithoutExceptions(context, [&] { return Fill(options, selected.run, roofline); });
  if (!status.ok()) return Failed(status);
  options.json ? WriteJson(roofline, out) : WriteText(roofline, out);
  return kExitCompleted;
}

}  // namespace fp4::trainer
