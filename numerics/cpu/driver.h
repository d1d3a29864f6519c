// One call of the CPU path: the job, its units, and what has to be known before the first unit.
#pragma once

#include <span>
#include <vector>

#include "numerics/arithmetic/dynamic_map.h"
#include "numerics/arithmetic/float_mode.h"
#include "numerics/arithmetic/hadamard.h"
#include "numerics/arithmetic/random.h"
#include "numerics/cpu/job.h"
#include "numerics/cpu/scratch.h"
#include "numerics/cpu/units.h"
#include "numerics/parallel.h"

namespace fp4::numerics::cpu {

// Refers to its arguments. Either Measure and then RoundTrip or Encode, or Decode.
class Driver {
 public:
  Driver(const Format& format, MatrixShape shape, const QuantizeOptions& options,
         const ParallelFor& parallel);

  // What depends on the whole tensor: its amax or mean, or all block scales where they are
  // quantized again.
  void Measure(std::span<const float> values);

  void RoundTrip(std::span<float> decoded);
  void Encode(Quantized& quantized);
  void Decode(const Quantized& quantized, std::span<float> values);

 private:
  // The scales that Measure has found: of every block, or the tensor's.
  struct FixedScales {
    std::vector<float> encode, decode;
    std::vector<uint32_t> stored;

    void Resize(int64_t count);
    BlockScales From(int64_t block);
  };

  void MeasureTwoLevel();
  void MeasureNested();
  void MeasureTensor();
  uint32_t LargestBits(uint32_t (*of_values)(const float*, int64_t));
  BlockStats MeanOfTensor() const;

  template <class Work>
  void ForEachUnit(Work&& work);
  static BlockScales UnitScales(int64_t count, bool stored);  // room of this thread for a unit's
  void FindScales(Unit& unit);
  const float* Prepared(const Unit& unit) const;
  bool Transforms() const { return options_.hadamard != 0 || options_.prescale != 1.0f; }
  bool MayStream(std::span<const float> decoded) const;
  void Restore(std::span<float> values) const;
  int64_t ScaleBytes() const;
  int64_t NumScales() const;
  void StoreScales(const Unit& unit, std::vector<uint8_t>& scales) const;

  const FormatInfo& info_;
  const QuantizeOptions& options_;
  const MatrixShape shape_;
  const ParallelFor& parallel_;
  Job job_;
  BlockGrid grid_;
  bool one_block_ = false;  // one scale, or none, for all elements
  Units units_;
  float signs_[kMaxHadamard] = {};
  std::span<const float> values_;
  bool measuring_ = false, round_trip_ = false, storing_ = false;
  FixedScales fixed_;
  NestedScales nested_;
  bool has_tensor_scale_ = false;
  float tensor_scale_ = 0.0f;
};

// Calls work(unit) for every unit, its values prepared, its scales found and its random words
// drawn.
template <class Work>
void Driver::ForEachUnit(Work&& work) {
  parallel_(units_.count(), 1, [&](int64_t begin, int64_t end) {
    ScopedFloatMode float_mode;
    for (int64_t index = begin; index < end; ++index) {
      Unit unit = units_.Make(index);
      if (!values_.empty()) unit.values = Prepared(unit);
      if (!values_.empty()) FindScales(unit);
      if (job_.stochastic && !measuring_ && !values_.empty()) {
        uint32_t* words = LocalScratch().random.Get(unit.size() + 64);
        FillRandom(job_.key, job_.step, unit.first_element, unit.size(), words);
        unit.random = words;
      }
      work(unit);
    }
  });
}

}  // namespace fp4::numerics::cpu
