#include "trainer/optimizer/master_rounding.h"

#include "trainer/parallel_for.h"

namespace fp4::trainer {
namespace {

constexpr int64_t kWord = 0xFFFFFFFF;

// One multiplication of Philox: the halves of a 64-bit product of words. int64 keeps its low 64
// bits.
std::pair<at::Tensor, at::Tensor> Product(int64_t multiplier, const at::Tensor& word) {
  const at::Tensor product = word * multiplier;
  return {product.bitwise_right_shift(32).bitwise_and(kWord), product.bitwise_and(kWord)};
}

// RandomHalf of elements first … first + count (numerics/arithmetic/philox.h, by tensors), int64.
at::Tensor RandomHalves(const RoundingStream& stream, int64_t first, int64_t count,
                        at::Device device) {
  const at::TensorOptions options = at::TensorOptions(device).dtype(at::kLong);
  const int64_t begin = first / 8, end = (first + count + 7) / 8;
  const at::Tensor counter = at::arange(begin, end, options);
  const auto word_of = [&](uint64_t value) {
    return at::full({end - begin}, static_cast<int64_t>(value & 0xFFFFFFFF), options);
  };
  at::Tensor c0 = counter.bitwise_and(kWord), c1 = counter.bitwise_right_shift(32);
  at::Tensor c2 = word_of(stream.step), c3 = word_of(stream.step >> 32);
  int64_t k0 = static_cast<int64_t>(stream.key & 0xFFFFFFFF);
  int64_t k1 = static_cast<int64_t>(stream.key >> 32);
  for (int round = 0; round < 10; ++round) {
    const auto [high0, low0] = Product(0xD2511F53, c0);
    const auto [high1, low1] = Product(0xCD9E8D57, c2);
    c0 = high1.bitwise_xor(c1).bitwise_xor(k0);
    c2 = high0.bitwise_xor(c3).bitwise_xor(k1);
    c1 = low1;
    c3 = low0;
    k0 = (k0 + 0x9E3779B9) & kWord;
    k1 = (k1 + 0xBB67AE85) & kWord;
  }
  const at::Tensor words = at::stack({c0, c1, c2, c3}, 1);  // (calls, 4)
  return at::stack({words.bitwise_and(0xFFFF), words.bitwise_right_shift(16)}, 2)
      .flatten()
      .narrow(0, 0, count);
}

}  // namespace

at::Tensor RoundToBf16ByTensors(const at::Tensor& values, int64_t first,
                                const RoundingStream& rounding) {
  const at::Tensor flat = values.contiguous().view({-1});
  const at::Tensor random = RandomHalves(rounding, first, flat.numel(), flat.device());
  const at::Tensor bits = flat.view(at::kInt).to(at::kLong).bitwise_and(kWord);
  at::Tensor code = bits.bitwise_right_shift(16) + random.lt(bits.bitwise_and(0xFFFF));
  code = code - code.bitwise_and(0x7FFF).eq(0x7F80).to(at::kLong);  // finite stays finite
  // LibTorch's own conversion gives NaN other bits in its vector code.
  code = at::where(flat.isfinite(), code, bits.bitwise_right_shift(16));
  code = code.masked_fill(flat.isnan(), 0x7FC0);
  code = code - code.ge(0x8000).to(at::kLong) * 0x10000;  // as a short has it
  return code.to(at::kShort).view(at::kBFloat16).view(values.sizes());
}

void StoreMaster(const at::Tensor& values, const RoundingStream& rounding, int64_t first,
                 const at::Tensor& master) {
  const int64_t count = values.numel();
  const at::Tensor target = master.detach().view({-1}).narrow(0, first, count);
  if (target.scalar_type() == at::kFloat) {
    target.copy_(values.reshape({-1}));
  } else if (target.is_cpu()) {
    const at::Tensor source = values.contiguous();
    const auto* from = source.const_data_ptr<float>();
    auto* to = static_cast<uint16_t*>(target.mutable_data_ptr());
    ParallelFor(count, 256, [&](int64_t begin, int64_t end) {
      RoundToBf16(from + begin, first + begin, end - begin, rounding, to + begin);
    });
  } else {
    target.copy_(RoundToBf16ByTensors(values, first, rounding).view({-1}));
  }
}

}  // namespace fp4::trainer
