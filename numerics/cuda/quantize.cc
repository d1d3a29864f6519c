#include "numerics/cuda/quantize.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "numerics/block_format.h"
#include "numerics/cuda/jobs.h"
#include "numerics/random.h"

namespace fp4::numerics::cuda {
namespace {

// A grid has at most 2^31 - 1 blocks of threads.
constexpr int64_t kMaxBlocks = (int64_t{1} << 31) - 1;

absl::Status CudaStatus(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return absl::OkStatus();
  return absl::InternalError(absl::StrCat(what, ": ", cudaGetErrorString(error)));
}

Rules MakeRules(const FormatInfo& info, const QuantizeOptions& options,
                const ResolvedOptions& resolved, OutputType output) {
  Rules rules;
  rules.element = info.element;
  rules.scale_rule =
      resolved.block.kind == BlockShape::Kind::kElement ? ScaleRule::kNone : info.scale_rule;
  rules.headroom = resolved.headroom;
  rules.max_value = info.max_value;
  rules.power_of_two = resolved.power_of_two;
  rules.two_level_largest = resolved.two_level_largest;
  rules.four_over_six = options.four_over_six;
  rules.prescale = options.prescale;
  rules.unscale = options.hadamard == 0 ? 1.0f / options.prescale : 1.0f;
  rules.tensor_amax = options.tensor_amax;
  rules.stochastic = options.rounding == Rounding::kStochastic;
  rules.key = RandomKey(options.seed, options.stream);
  rules.step = options.step;
  rules.output_bf16 = output == OutputType::kBf16;
  return rules;
}

Rotation MakeRotation(const QuantizeOptions& options, bool back) {
  return {options.hadamard, options.seed, options.step, back ? 1.0f / options.prescale : 1.0f,
          back};
}

bool IsLong(const BlockShape& block) {
  return block.kind == BlockShape::Kind::kRow || block.kind == BlockShape::Kind::kTensor ||
         block.kind == BlockShape::Kind::kElement;
}

TensorJob MakeJob(const TensorView& tensor, const BlockShape& block) {
  TensorJob job = {tensor.values,
                   tensor.decoded,
                   tensor.codes,
                   tensor.scales,
                   nullptr,
                   tensor.shape.rows,
                   tensor.shape.columns,
                   0,
                   1};
  if (block.kind == BlockShape::Kind::kRow) {
    job.num_blocks = job.rows;
  } else if (!IsLong(block)) {
    BlockGrid grid = MakeBlockGrid(block, tensor.shape);
    job.rows = grid.shape.rows;
    job.columns = grid.shape.columns;
    job.num_blocks = grid.count();
  }
  return job;
}

// Calls `launch` with the jobs in batches that a launch can hold.
template <class Launch>
void ForEachBatch(std::span<const TensorJob> jobs, Launch&& launch) {
  Batch batch{};
  auto flush = [&] {
    if (batch.num_tensors > 0) launch(batch);
    batch.num_tensors = 0;
    batch.num_blocks = 0;
  };
  for (TensorJob job : jobs) {
    if (batch.num_tensors == kMaxTensors || batch.num_blocks + job.num_blocks > kMaxBlocks) flush();
    job.first_block = batch.num_blocks;
    batch.num_blocks += job.num_blocks;
    batch.tensors[batch.num_tensors++] = job;
  }
  flush();
}

}  // namespace

Workspace::~Workspace() { cudaFree(memory_); }

absl::StatusOr<void*> Workspace::Get(size_t bytes) {
  if (bytes <= size_) return memory_;
  cudaFree(memory_);  // waits for the work that uses it
  memory_ = nullptr;
  size_ = 0;
  if (cudaMalloc(&memory_, bytes) != cudaSuccess) {
    cudaGetLastError();
    return absl::ResourceExhaustedError(
        absl::StrCat("no ", bytes, " bytes of GPU memory for the quantizer's workspace"));
  }
  size_ = bytes;
  return memory_;
}

absl::Status CheckSupported(const Format& format, const QuantizeOptions& options) {
  const FormatInfo& info = format.info();
  auto refuse = [&](std::string_view what) {
    return absl::UnimplementedError(absl::StrCat(std::string(info.name), ": ", std::string(what),
                                                 " is not built for CUDA yet; use the CPU"));
  };
  if (options.double_quantization) return refuse("double_quantization");
  if (options.ms_eden) return refuse("ms_eden");
  if (info.element == ElementType::kOther) return refuse("this format");
  return absl::OkStatus();
}

absl::Status Quantize(const Format& format, const QuantizeOptions& options,
                      std::span<const TensorView> tensors, OutputType output, cudaStream_t stream,
                      Workspace& workspace) {
  FP4_RETURN_IF_ERROR(CheckSupported(format, options));
  const ResolvedOptions resolved = Resolve(format.info(), options);
  Rules rules = MakeRules(format.info(), options, resolved, output);
  const bool two_level = rules.scale_rule == ScaleRule::kTwoLevel;
  const bool needs_stats = (two_level && rules.tensor_amax == 0.0f) ||
                           (IsLong(resolved.block) && rules.scale_rule != ScaleRule::kNone);

  std::vector<TensorJob> jobs;
  int64_t num_stats = 0, num_rotated = 0;
  for (const TensorView& tensor : tensors) {
    FP4_RETURN_IF_ERROR(format.Check(options, tensor.shape));
    jobs.push_back(MakeJob(tensor, resolved.block));
    num_stats += two_level ? 1 : jobs.back().num_blocks;
    num_rotated += tensor.shape.size();
  }
  if (options.hadamard == 0) num_rotated = 0;
  if (!needs_stats) num_stats = 0;

  const size_t rotated_bytes = static_cast<size_t>(num_rotated) * sizeof(float);
  FP4_ASSIGN_OR_RETURN(
      void* memory, workspace.Get(rotated_bytes + static_cast<size_t>(num_stats) * sizeof(Stats)));
  auto* rotated = static_cast<float*>(memory);
  auto* stats = reinterpret_cast<Stats*>(static_cast<char*>(memory) + rotated_bytes);
  for (size_t i = 0; i < jobs.size(); ++i) {
    if (options.hadamard != 0) {
      LaunchRotate(jobs[i].values, rotated, tensors[i].shape.size(), MakeRotation(options, false),
                   false, stream);
      jobs[i].values = rotated;
      if (jobs[i].decoded != nullptr) jobs[i].decoded = rotated;
      rotated += tensors[i].shape.size();
    }
    jobs[i].stats = stats;
    if (needs_stats) stats += two_level ? 1 : jobs[i].num_blocks;
  }
  if (options.hadamard != 0) rules.output_bf16 = false;  // the rotation back does it

  if (needs_stats) {
    auto* first = reinterpret_cast<char*>(memory) + rotated_bytes;
    FP4_RETURN_IF_ERROR(CudaStatus(
        cudaMemsetAsync(first, 0, static_cast<size_t>(num_stats) * sizeof(Stats), stream),
        "cudaMemsetAsync"));
    std::vector<TensorJob> looked_at = jobs;
    if (two_level) {
      for (TensorJob& job : looked_at) job.num_blocks = 1;
    }
    ForEachBatch(looked_at, [&](const Batch& batch) {
      if (rules.scale_rule == ScaleRule::kMean) {
        LaunchMeans(batch, stream);
      } else {
        LaunchAmax(batch, stream);
      }
    });
  }
  if (IsLong(resolved.block)) {
    ForEachBatch(jobs, [&](const Batch& batch) { LaunchElements(batch, rules, stream); });
  } else {
    const bool tile = resolved.block.kind == BlockShape::Kind::kTile && resolved.block.rows > 1;
    ForEachBatch(jobs, [&](const Batch& batch) {
      LaunchBlocks(batch, rules, static_cast<int>(resolved.block.columns), tile, stream);
    });
  }
  if (options.hadamard != 0) {
    for (size_t i = 0; i < jobs.size(); ++i) {
      if (tensors[i].decoded == nullptr) continue;
      LaunchRotate(jobs[i].values, tensors[i].decoded, tensors[i].shape.size(),
                   MakeRotation(options, true), output == OutputType::kBf16, stream);
    }
  }
  return CudaStatus(cudaGetLastError(), "launch of a quantizer kernel");
}

absl::Status DropoutMask(float* mask, int64_t size, double probability, uint64_t key,
                         uint64_t counter, cudaStream_t stream) {
  if (size > 0) LaunchDropoutMask(mask, size, probability, key, counter, stream);
  return CudaStatus(cudaGetLastError(), "launch of the dropout mask kernel");
}

}  // namespace fp4::numerics::cuda
