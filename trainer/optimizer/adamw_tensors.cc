#include "trainer/optimizer/adamw_tensors.h"

#include <algorithm>

#include "trainer/optimizer/master_rounding.h"

namespace fp4::trainer {
namespace {

// Elements; a whole number of every codec's blocks.
constexpr int64_t kPiece = int64_t{1} << 22;

at::Tensor Upload(std::span<const float> values, at::Device device) {
  return at::tensor(at::ArrayRef<float>(values.data(), values.size()), at::kFloat).to(device);
}

at::Tensor Upload(std::span<const uint8_t> codes, at::Device device) {
  return at::tensor(at::ArrayRef<uint8_t>(codes.data(), codes.size()), at::kByte).to(device);
}

// A piece of a moment, decoded and encoded.
class MomentPiece {
 public:
  MomentPiece(StoredMoment& moment, int64_t begin, int64_t count) : codec_(moment.codec) {
    if (codec_ == nullptr) {
      values_ = moment.values.view({-1}).narrow(0, begin, count);
      return;
    }
    values_ =
        moment.values.view(at::kByte).narrow(0, static_cast<int64_t>(codec_->num_bytes(begin)),
                                             static_cast<int64_t>(codec_->num_bytes(count)));
    scales_ = moment.scales.narrow(0, begin / codec_->block(), count / codec_->block());
  }

  at::Tensor Decode() const {
    if (codec_ == nullptr) return values_;
    at::Tensor codes = values_.to(at::kLong);
    if (codec_->bits() == 4) {
      codes = at::stack({codes.bitwise_right_shift(4), codes.bitwise_and(0xF)}, 1).flatten();
    }
    at::Tensor table = at::zeros({256}, scales_.options());
    table.index_put_({Upload(codec_->codes(), scales_.device()).to(at::kLong)},
                     Upload(codec_->values(), scales_.device()));
    return (table.index_select(0, codes).view({-1, codec_->block()}) * scales_.unsqueeze(1))
        .view({-1});
  }

  void Encode(const at::Tensor& moment) const {
    if (codec_ == nullptr) {
      values_.copy_(moment);
      return;
    }
    const at::Tensor blocks = moment.view({-1, codec_->block()});
    const at::Tensor amax = blocks.abs().amax(1).clamp_min(kSmallestStateScale);
    scales_.copy_(amax / at::full_like(amax, codec_->largest()));
    const at::Tensor index =
        at::bucketize(blocks / scales_.unsqueeze(1), Upload(codec_->thresholds(), moment.device()),
                      /*out_int32=*/false, /*right=*/true);
    at::Tensor codes = Upload(codec_->codes(), moment.device()).index_select(0, index.flatten());
    if (codec_->bits() == 4) {
      const at::Tensor pairs = codes.view({-1, 2});
      codes = pairs.select(1, 0).bitwise_left_shift(4).bitwise_or(pairs.select(1, 1));
    }
    values_.copy_(codes);
  }

 private:
  const StateCodec* const codec_;
  at::Tensor values_, scales_;  // views of the stored ones
};

// The square root, correctly rounded as the kernel's. A CPU's vector library, which LibTorch asks,
// may be one unit in the last place off; the root of a double, rounded to a float, never is. A GPU
// rounds correctly by itself.
at::Tensor Root(const at::Tensor& values) {
  return values.is_cpu() ? values.to(at::kDouble).sqrt().to(at::kFloat) : values.sqrt();
}

}  // namespace

void UpdateAdamWByTensors(const AdamWFactors& factors, const at::Tensor& master,
                          const at::Tensor& gradient, const RoundingStream& rounding,
                          StoredMoment& first, StoredMoment& second) {
  const at::Tensor flat = master.detach().view({-1}), gradients = gradient.reshape({-1});
  for (int64_t begin = 0; begin < flat.numel(); begin += kPiece) {
    const int64_t count = std::min(kPiece, flat.numel() - begin);
    const MomentPiece m_kept(first, begin, count), v_kept(second, begin, count);
    const at::Tensor g = gradients.narrow(0, begin, count).to(at::kFloat);
    const at::Tensor w = flat.narrow(0, begin, count).to(at::kFloat);
    // Products and sums are operations of their own: a fused one would round once.
    const at::Tensor m = m_kept.Decode() * factors.beta1 + g * factors.rest1;
    const at::Tensor v = v_kept.Decode() * factors.beta2 + (g * g) * factors.rest2;
    // A scalar divisor would be multiplied by its inverse on a GPU.
    const at::Tensor correction = at::full({1}, factors.second_correction, m.options());
    const at::Tensor step = (m * factors.step_size) / (Root(v) / correction + factors.eps);
    StoreMaster(w * factors.kept - step, rounding, begin, master);
    m_kept.Encode(m);
    v_kept.Encode(v);
  }
}

}  // namespace fp4::trainer
