#pragma once

#include <string>

#include "trainer/checkpoint/state.h"
#include "trainer/model/parameters.h"
#include "trainer/optimizer/state_codec.h"

namespace fp4::trainer {

// One moment of one tensor, in the form in which it is kept from step to step and in checkpoints.
struct StoredMoment {
  const StateCodec* codec = nullptr;  // null: fp32
  at::Tensor values;  // fp32 in the parameter's shape; or the codes, flat: bytes, of fp8 E4M3
  at::Tensor scales;  // fp32, one for each block of the codec

  bool defined() const { return values.defined(); }
};

// All zeros. `states`: what this tensor's moments are kept in (spec::StatesOf).
StoredMoment ZeroMoment(spec::OptimizerStates states, Moment moment, const Parameter& parameter);

// As "optimizer.<word>.<parameter>", and "optimizer.<word>_scale.<parameter>" where there is a
// codec. `moment` says what is read into it, such as ZeroMoment. DATA_LOSS: as StateReader.
void SaveMoment(const StoredMoment& moment, const std::string& word, const std::string& parameter,
                StateSnapshot& snapshot);
absl::Status ReadMoment(const StateReader& reader, const std::string& word,
                        const std::string& parameter, StoredMoment& moment);

}  // namespace fp4::trainer
