#include "tests/numerics/gemm/cases.h"

#include <cstdio>
#include <cstdlib>

#include "numerics/arithmetic/packing.h"
#include "numerics/arithmetic/random.h"
#include "numerics/block_format.h"

namespace fp4::numerics {

#if defined(__x86_64__)
namespace cpu {
extern const GemmKernels kGemmVnni256Evex;  // gemm_vnni256_evex.cc
}
#endif

namespace {

void DieUnlessOk(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  std::abort();
}

}  // namespace

OwnedOperand EncodeOperand(std::string_view format, MatrixShape shape,
                           const std::vector<float>& values, const QuantizeOptions& options) {
  OwnedOperand operand = {FindFormat(format), {}, options};
  DieUnlessOk(operand.format->Check(options, shape));
  operand.quantized = operand.format->Encode(values, shape, options);
  return operand;
}

OwnedOperand RandomOperand(std::string_view format, MatrixShape shape, uint64_t seed,
                           const std::vector<uint8_t>& scale_bytes, std::string_view block) {
  OwnedOperand operand = {FindFormat(format), {}, {}};
  operand.options.block = block;
  const FormatInfo& info = operand.format->info();
  Quantized& quantized = operand.quantized;
  quantized.shape = shape;
  auto random = [&](uint64_t i, int word) { return Philox(MixBits(seed), i, 0).words[word]; };
  quantized.codes.resize(static_cast<size_t>(PackedBytes(shape.size(), 4)));
  for (size_t i = 0; i < quantized.codes.size(); ++i) {
    // One byte in eight is zero, and so are whole blocks now and then.
    quantized.codes[i] = random(i, 0) % 8 == 0 || random(i / 32, 2) % 16 == 0
                             ? uint8_t{0}
                             : static_cast<uint8_t>(random(i, 1));
  }
  BlockGrid grid = MakeBlockGrid(*ResolveBlock(info, operand.options), shape);
  quantized.scales.resize(static_cast<size_t>(grid.count()));
  for (size_t i = 0; i < quantized.scales.size(); ++i) {
    uint32_t word = random(i, 3);
    quantized.scales[i] =
        scale_bytes.empty() ? static_cast<uint8_t>(word) : scale_bytes[word % scale_bytes.size()];
  }
  if (info.scale_rule == ScaleRule::kTwoLevel) {
    quantized.has_tensor_scale = true;
    quantized.tensor_scale = 2688.0f * (1.0f + static_cast<float>(random(0, 3) % 100));
  }
  return operand;
}

std::vector<float> ReferenceProduct(const OwnedOperand& x, const OwnedOperand& w) {
  std::vector<float> y(static_cast<size_t>(x.quantized.shape.rows * w.quantized.shape.rows));
  DieUnlessOk(MultiplyReference(x.view(), w.view(), y));
  return y;
}

const std::vector<TestedKernels>& AllTestedKernels() {
  static const std::vector<TestedKernels> kernels = [] {
    std::vector<TestedKernels> found;
    for (GemmPath path : kAllGemmPaths) {
      if (GemmPathAvailable(path))
        found.push_back({std::string(GemmPathName(path)), cpu::FindGemmKernels(path)});
    }
#if defined(__x86_64__)
    if (GemmPathAvailable(GemmPath::kAvx512Vnni))
      found.push_back({"AVX-VNNI as AVX-512 encodes it", &cpu::kGemmVnni256Evex});
#endif
    return found;
  }();
  return kernels;
}

std::vector<float> Product(const OwnedOperand& x, const OwnedOperand& w,
                           const cpu::GemmKernels& kernels, const ParallelFor& parallel) {
  PackedActivations packed_x;
  PackedWeights packed_w;
  DieUnlessOk(PackActivations(x.view(), packed_x, parallel));
  DieUnlessOk(PackWeights(w.view(), packed_w, parallel));
  std::vector<float> y(static_cast<size_t>(x.quantized.shape.rows * w.quantized.shape.rows), -7.0f);
  cpu::MultiplyWith(kernels, packed_x, packed_w, y, parallel);
  return y;
}

std::vector<float> Product(const OwnedOperand& x, const OwnedOperand& w) {
  return Product(x, w, *cpu::FindGemmKernels(BestGemmPath()), SerialFor);
}

}  // namespace fp4::numerics
