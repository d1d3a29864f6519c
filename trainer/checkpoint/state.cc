#include "trainer/checkpoint/state.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "trainer/tensor_types.h"

namespace fp4::trainer {
namespace {

// The first words of the names that parts other than the model give to their tensors.
constexpr std::array<std::string_view, 3> kStateWords = {"optimizer.", "precision.", "training."};

}  // namespace

void StateSnapshot::Add(std::string name, const at::Tensor& tensor) {
  at::Tensor stored = tensor.detach().to(at::kCPU).contiguous();
  std::optional<safetensors::TensorType> type = TensorTypeOf(stored.scalar_type());
  TORCH_CHECK(type.has_value(), "no file type for ", stored.scalar_type(), " (", name, ")");
  storage.push_back(stored);
  tensors.push_back({std::move(name),
                     *type,
                     stored.sizes().vec(),
                     {static_cast<const std::byte*>(stored.const_data_ptr()), stored.nbytes()}});
}

void StateSnapshot::AddCount(std::string name, int64_t count) {
  Add(std::move(name), at::scalar_tensor(count, at::kLong));
}

absl::StatusOr<at::Tensor> StateReader::Read(const std::string& name, at::IntArrayRef shape,
                                             at::ScalarType type) const {
  const safetensors::TensorView* view = file_.Find(name);
  if (view == nullptr) return absl::DataLossError(absl::StrCat("checkpoint without ", name));
  if (ScalarTypeOf(view->type) != type || at::IntArrayRef(view->shape) != shape) {
    return absl::DataLossError(
        absl::StrCat("checkpoint whose ", name, " has another shape or type"));
  }
  // The file is unmapped when it has been read.
  return TensorOver(*view)->clone();
}

absl::StatusOr<at::Tensor> StateReader::ReadLike(const std::string& name,
                                                 const at::Tensor& like) const {
  FP4_ASSIGN_OR_RETURN(at::Tensor values, Read(name, like.sizes(), like.scalar_type()));
  return values.to(like.device());
}

absl::StatusOr<int64_t> StateReader::ReadCount(const std::string& name) const {
  FP4_ASSIGN_OR_RETURN(at::Tensor count, Read(name, {}, at::kLong));
  return count.item<int64_t>();
}

bool IsStateName(std::string_view name) {
  return std::ranges::any_of(kStateWords,
                             [&](std::string_view word) { return name.starts_with(word); });
}

StateSnapshot TakeState(int64_t step, const ParameterSet& parameters,
                        std::span<Stateful* const> parts) {
  StateSnapshot snapshot;
  snapshot.metadata["step"] = absl::StrCat(step);
  for (const Parameter& parameter : parameters.all())
    snapshot.Add(parameter.name, parameter.master.detach().view(parameter.shape));
  for (const Stateful* part : parts) part->Save(snapshot);
  return snapshot;
}

absl::Status RestoreState(const std::string& path, const ParameterSet& parameters,
                          std::span<Stateful* const> parts) {
  FP4_ASSIGN_OR_RETURN(safetensors::File file, safetensors::File::Open(path));
  const StateReader reader(file);
  at::NoGradGuard no_grad;
  for (const Parameter& parameter : parameters.all()) {
    FP4_ASSIGN_OR_RETURN(const at::Tensor values, reader.Read(parameter.name, parameter.shape,
                                                              parameter.master.scalar_type()));
    parameter.master.detach().copy_(values.view(parameter.master.sizes()));
  }
  for (Stateful* part : parts) FP4_RETURN_IF_ERROR(part->Restore(reader));
  return absl::OkStatus();
}

absl::Status RestoreParts(const std::string& path, std::span<Stateful* const> parts) {
  FP4_ASSIGN_OR_RETURN(safetensors::File file, safetensors::File::Open(path));
  const StateReader reader(file);
  at::NoGradGuard no_grad;
  for (Stateful* part : parts) FP4_RETURN_IF_ERROR(part->Restore(reader));
  return absl::OkStatus();
}

}  // namespace fp4::trainer
