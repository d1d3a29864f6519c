#include "trainer/optimizer/moments.h"

#include "base/status_macros.h"

namespace fp4::trainer {
namespace {

std::string NameOf(const std::string& word, const std::string& parameter) {
  return "optimizer." + word + "." + parameter;
}

std::string ScaleNameOf(const std::string& word, const std::string& parameter) {
  return NameOf(word + "_scale", parameter);
}

}  // namespace

StoredMoment ZeroMoment(spec::OptimizerStates states, Moment moment, const Parameter& parameter) {
  const StateCodec* codec = StateCodec::Find(states, moment);
  const at::TensorOptions fp32 = at::TensorOptions(parameter.master.device()).dtype(at::kFloat);
  if (codec == nullptr) return {nullptr, at::zeros(parameter.master.sizes(), fp32), {}};
  const int64_t elements = parameter.master.numel();
  at::Tensor codes =
      at::zeros({static_cast<int64_t>(codec->num_bytes(elements))}, fp32.dtype(at::kByte));
  if (states == spec::OptimizerStates::kFp8) codes = codes.view(at::kFloat8_e4m3fn);
  return {codec, codes, at::zeros({elements / codec->block()}, fp32)};
}

void SaveMoment(const StoredMoment& moment, const std::string& word, const std::string& parameter,
                StateSnapshot& snapshot) {
  snapshot.Add(NameOf(word, parameter), moment.values);
  if (moment.codec != nullptr) snapshot.Add(ScaleNameOf(word, parameter), moment.scales);
}

absl::Status ReadMoment(const StateReader& reader, const std::string& word,
                        const std::string& parameter, StoredMoment& moment) {
  FP4_ASSIGN_OR_RETURN(moment.values, reader.ReadLike(NameOf(word, parameter), moment.values));
  if (moment.codec == nullptr) return absl::OkStatus();
  FP4_ASSIGN_OR_RETURN(moment.scales, reader.ReadLike(ScaleNameOf(word, parameter), moment.scales));
  return absl::OkStatus();
}

}  // namespace fp4::trainer
