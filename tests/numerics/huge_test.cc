// Tensors of more than 2^32 elements on the CPU path: the first, the last, and what lies around
// 2^31 and 2^32. Nearly all values are zeros of the system's zero page, so that the input takes no
// memory; codes and scales take 3 GB. Not part of script/test: `script/bench huge`.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <thread>

#include "numerics/arithmetic/elements.h"
#include "numerics/arithmetic/packing.h"
#include "numerics/arithmetic/random.h"
#include "numerics/cpu/quantize.h"
#include "numerics/cpu/thread_pool.h"
#include "tests/numerics/cases.h"

namespace fp4::numerics {
namespace {

constexpr int64_t kTwoTo31 = int64_t{1} << 31, kTwoTo32 = int64_t{1} << 32;

// Zeros that take memory only where they are written.
class SparseFloats {
 public:
  explicit SparseFloats(int64_t size) : size_(static_cast<size_t>(size)) {
    memory_ = mmap(nullptr, size_ * sizeof(float), PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory_ == MAP_FAILED) std::abort();
  }
  ~SparseFloats() { munmap(memory_, size_ * sizeof(float)); }
  SparseFloats(const SparseFloats&) = delete;
  SparseFloats& operator=(const SparseFloats&) = delete;

  std::span<float> values() const { return {static_cast<float*>(memory_), size_}; }

 private:
  void* memory_;
  size_t size_;
};

struct Range {
  int64_t begin, end;
};

// Fills the ranges with Gaussians, others in each.
void Fill(const SparseFloats& tensor, const std::vector<Range>& ranges) {
  for (const Range& range : ranges) {
    const std::vector<float> values =
        Gaussians(range.end - range.begin, static_cast<uint64_t>(range.begin) + 1);
    std::ranges::copy(values, tensor.values().begin() + range.begin);
  }
}

// Only the work on these ranges of a tensor of `size` elements, whatever equal units it is cut
// into; one unit more on each side, as the last may be shorter.
ParallelFor OnlyOn(int64_t size, const std::vector<Range>& ranges) {
  return [=](int64_t units, int64_t grain, const std::function<void(int64_t, int64_t)>& work) {
    int64_t done = 0;
    for (const Range& range : ranges) {
      const auto unit = [&](int64_t element) {
        return static_cast<int64_t>(static_cast<__int128>(element) * units / size);
      };
      const int64_t begin = std::max(done, (unit(range.begin) - 1) / grain * grain);
      const int64_t end = std::min(units, (unit(range.end - 1) / grain + 2) * grain);
      if (begin < end) work(begin, end);
      done = std::max(done, end);
    }
  };
}

int64_t CountNonZero(std::span<const uint8_t> bytes) {
  return std::ranges::count_if(bytes, [](uint8_t byte) { return byte != 0; });
}

class HugeTest : public testing::Test {
 protected:
  // As the reference encodes each range by itself; everything else is 0.
  void ExpectCodesOf(const Format& format, const QuantizeOptions& options,
                     const Quantized& quantized, const SparseFloats& tensor,
                     const std::vector<Range>& ranges) {
    int64_t non_zero = 0;
    for (const Range& range : ranges) {
      const auto values = tensor.values().subspan(static_cast<size_t>(range.begin),
                                                  static_cast<size_t>(range.end - range.begin));
      const Quantized expected = format.Encode(values, {1, range.end - range.begin}, options);
      ASSERT_EQ(range.begin % 2, 0) << "a range starts with a byte";
      const std::span<const uint8_t> part =
          std::span(quantized.codes)
              .subspan(static_cast<size_t>(range.begin / 2), expected.codes.size());
      EXPECT_TRUE(std::ranges::equal(part, expected.codes)) << "from element " << range.begin;
      non_zero += CountNonZero(expected.codes);
    }
    EXPECT_EQ(CountNonZero(quantized.codes), non_zero);
  }

  cpu::ThreadPool pool_{static_cast<int>(std::max(1u, std::thread::hardware_concurrency()))};
};

constexpr int64_t kFlatSize = kTwoTo32 + 64 * 1024 + 37;
const std::vector<Range> kFlatRanges = {{0, 256},
                                        {kTwoTo31 - 256, kTwoTo31 + 256},
                                        {kTwoTo32 - 256, kTwoTo32 + 256},
                                        {kFlatSize - 37 - 128, kFlatSize}};

TEST_F(HugeTest, FlatBlocksAreThoseOfTheReference) {
  const Format& fp4 = *FindFormat("fp4");
  SparseFloats tensor(kFlatSize);
  Fill(tensor, kFlatRanges);
  Quantized quantized;
  ASSERT_TRUE(
      cpu::Encode(fp4, tensor.values(), {1, kFlatSize}, {}, quantized, pool_.parallel_for()).ok());
  ASSERT_EQ(quantized.codes.size(), static_cast<size_t>((kFlatSize + 1) / 2));
  ExpectCodesOf(fp4, {}, quantized, tensor, kFlatRanges);

  // Decoded where it matters, into memory that is not there elsewhere.
  SparseFloats decoded(kFlatSize), round_trip(kFlatSize);
  const ParallelFor some = OnlyOn(kFlatSize, kFlatRanges);
  ASSERT_TRUE(cpu::Decode(fp4, quantized, {}, decoded.values(), some).ok());
  ASSERT_TRUE(
      cpu::QuantizeDequantize(fp4, tensor.values(), {1, kFlatSize}, {}, round_trip.values(), some)
          .ok());
  for (const Range& range : kFlatRanges) {
    for (int64_t i = range.begin; i < range.end; ++i) {
      const auto at = static_cast<size_t>(i);
      ASSERT_NEAR(decoded.values()[at], tensor.values()[at], 0.7) << i;
      ASSERT_EQ(decoded.values()[at], round_trip.values()[at]) << i;
    }
  }
}

TEST_F(HugeTest, StochasticRoundingCountsElementsIn64Bits) {
  const Format& fp4 = *FindFormat("fp4");
  QuantizeOptions options;
  options.rounding = Rounding::kStochastic;
  options.seed = 3;
  SparseFloats tensor(kFlatSize);
  Fill(tensor, kFlatRanges);
  Quantized quantized;
  ASSERT_TRUE(cpu::Encode(fp4, tensor.values(), {1, kFlatSize}, options, quantized,
                          OnlyOn(kFlatSize, kFlatRanges))
                  .ok());
  for (const Range& range : kFlatRanges) {
    for (int64_t i = range.begin; i < range.end; ++i) {
      float absmax;
      std::memcpy(&absmax, &quantized.scales[static_cast<size_t>(i / 64) * 4], sizeof absmax);
      const float value = tensor.values()[static_cast<size_t>(i)];
      const uint32_t random = RandomBits(RandomKey(options.seed, 0), 0, static_cast<uint64_t>(i));
      ASSERT_EQ(UnpackCode(quantized.codes, i, 4, true),
                EncodeStochastic(ElementType::kFp4, {value, value * (1.0f / absmax)}, random))
          << i;
    }
  }
}

TEST_F(HugeTest, RowsAreThoseOfTheReference) {
  const Format& int4 = *FindFormat("int4");
  QuantizeOptions options;
  options.block = "row";
  constexpr int64_t kRows = 65537, kColumns = 65538;
  std::vector<Range> ranges;
  for (int64_t row : {int64_t{0}, kTwoTo31 / kColumns, kTwoTo32 / kColumns, kRows - 1})
    ranges.push_back({row * kColumns, (row + 1) * kColumns});
  SparseFloats tensor(kRows * kColumns);
  Fill(tensor, ranges);
  Quantized quantized;
  ASSERT_TRUE(cpu::Encode(int4, tensor.values(), {kRows, kColumns}, options, quantized,
                          pool_.parallel_for())
                  .ok());
  ExpectCodesOf(int4, options, quantized, tensor, ranges);
}

}  // namespace
}  // namespace fp4::numerics
