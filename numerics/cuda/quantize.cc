#include "numerics/cuda/quantize.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "numerics/arithmetic/dynamic_map.h"
#include "numerics/arithmetic/random.h"
#include "numerics/block_format.h"
#include "numerics/cuda/jobs.h"

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

bool IsLong(const BlockShape& block) {
  return block.kind == BlockShape::Kind::kRow || block.kind == BlockShape::Kind::kTensor ||
         block.kind == BlockShape::Kind::kElement;
}

TensorJob MakeJob(const TensorView& tensor, const BlockShape& block) {
  TensorJob job = {};
  job.values = tensor.values;
  job.decoded = tensor.decoded;
  job.codes = tensor.codes;
  job.scales = tensor.scales;
  job.rows = tensor.shape.rows;
  job.columns = tensor.shape.columns;
  job.num_blocks = 1;
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
template <class B, class Job, class Launch>
void ForEachBatch(const std::vector<Job>& jobs, Launch&& launch) {
  B batch{};
  auto flush = [&] {
    if (batch.num_tensors > 0) launch(batch);
    batch.num_tensors = 0;
    batch.num_blocks = 0;
  };
  for (Job job : jobs) {
    if (batch.num_tensors == B::kMaxTensors || batch.num_blocks + job.num_blocks > kMaxBlocks)
      flush();
    job.first_block = batch.num_blocks;
    batch.num_blocks += job.num_blocks;
    batch.tensors[batch.num_tensors++] = job;
  }
  flush();
}

// Hands out parts of a workspace; without one it only counts.
class Layout {
 public:
  explicit Layout(void* memory) : memory_(static_cast<char*>(memory)) {}

  template <class T>
  T* Take(int64_t count) {
    static_assert(alignof(T) <= kAlignment);
    char* part = memory_ == nullptr ? nullptr : memory_ + size_;
    size_ += (static_cast<size_t>(count) * sizeof(T) + kAlignment - 1) / kAlignment * kAlignment;
    return reinterpret_cast<T*>(part);
  }
  size_t size() const { return size_; }

 private:
  static constexpr size_t kAlignment = 16;  // of the kernels' vectors
  char* memory_;
  size_t size_ = 0;
};

// One call of Quantize: its passes in the order in which they are enqueued.
class Call {
 public:
  Call(const Format& format, const QuantizeOptions& options, std::span<const TensorView> tensors,
       OutputType output, cudaStream_t stream)
      : options_(options),
        tensors_(tensors),
        output_(output),
        stream_(stream),
        resolved_(Resolve(format.info(), options)),
        rules_(MakeRules(format.info(), options, resolved_, output)),
        two_level_(rules_.scale_rule == ScaleRule::kTwoLevel),
        needs_stats_((two_level_ && rules_.tensor_amax == 0.0f) ||
                     (IsLong(resolved_.block) && rules_.scale_rule != ScaleRule::kNone)) {
    for (const TensorView& tensor : tensors_) jobs_.push_back(MakeJob(tensor, resolved_.block));
    if (options_.hadamard != 0) rules_.output_bf16 = false;  // the rotation back does it
  }

  absl::Status Run(Workspace& workspace) {
    for (const TensorJob& job : jobs_) FP4_RETURN_IF_ERROR(CheckSize(job));
    Layout counted(nullptr);
    Place(counted);
    FP4_ASSIGN_OR_RETURN(void* memory, workspace.Get(counted.size()));
    Layout placed(memory);
    Place(placed);
    if (options_.hadamard != 0) RotateForth();
    if (needs_stats_) FP4_RETURN_IF_ERROR(Measure());
    if (options_.double_quantization) Nest();
    Encode(jobs_);
    if (options_.hadamard != 0) RotateBack();
    return CudaStatus(cudaGetLastError(), "launch of a quantizer kernel");
  }

 private:
  static absl::Status CheckSize(const TensorJob& job) {
    if (job.num_blocks <= kMaxBlocks) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat("shape ", job.rows, "x", job.columns, ": its ",
                                                   job.num_blocks, " blocks are more than the ",
                                                   kMaxBlocks, " of a CUDA launch"));
  }

  int64_t NumStats(const TensorJob& job) const { return two_level_ ? 1 : job.num_blocks; }

  // Where everything between the passes lies. Called twice: to count, and to place.
  void Place(Layout& layout) {
    nests_.clear();
    num_stats_ = 0;
    for (const TensorJob& job : jobs_) num_stats_ += needs_stats_ ? NumStats(job) : 0;
    stats_ = layout.Take<Stats>(num_stats_);
    Stats* stats = stats_;
    for (size_t i = 0; i < jobs_.size(); ++i) {
      jobs_[i].stats = stats;
      if (needs_stats_ && stats != nullptr) stats += NumStats(jobs_[i]);
      if (options_.hadamard != 0) {
        auto* rotated = layout.Take<float>(tensors_[i].shape.size());
        jobs_[i].values = rotated;
        jobs_[i].decoded = tensors_[i].decoded == nullptr ? nullptr : rotated;
      }
      if (options_.double_quantization) PlaceNest(layout, i);
    }
  }

  void PlaceNest(Layout& layout, size_t i) {
    TensorJob& job = jobs_[i];
    NestJob nest = {};
    nest.num_scales = job.num_blocks;
    nest.num_blocks = (job.num_blocks + kNestedBlock - 1) / kNestedBlock;
    nest.absmax = layout.Take<float>(nest.num_scales);
    nest.decode_scales = layout.Take<float>(nest.num_scales);
    nest.stats = layout.Take<Stats>(1);
    nest.codes = tensors_[i].scales;
    nest.scale_scales = tensors_[i].scale_scales;
    nest.scale_offset = tensors_[i].scale_offset;
    job.scales = nullptr;
    job.decode_scales = nest.decode_scales;
    nests_.push_back(nest);
  }

  void Rotate(const std::vector<TensorJob>& jobs, const Rotation& rotation) {
    ForEachBatch<Batch>(jobs, [&](const Batch& batch) { LaunchRotate(batch, rotation, stream_); });
  }

  TensorJob RotationJob(size_t i, const float* from, void* to) const {
    TensorJob job = {};
    job.values = from;
    job.decoded = to;
    job.num_blocks = tensors_[i].shape.size() / options_.hadamard;
    return job;
  }

  void RotateForth() {
    std::vector<TensorJob> rotations;
    for (size_t i = 0; i < jobs_.size(); ++i) {
      // What was placed is written here and read from then on.
      auto* rotated = const_cast<float*>(jobs_[i].values);
      rotations.push_back(RotationJob(i, tensors_[i].values, rotated));
    }
    Rotate(rotations, {options_.hadamard, options_.seed, options_.step, 1.0f, false, false});
  }

  void RotateBack() {
    std::vector<TensorJob> rotations;
    for (size_t i = 0; i < jobs_.size(); ++i) {
      if (tensors_[i].decoded == nullptr) continue;
      rotations.push_back(RotationJob(i, jobs_[i].values, tensors_[i].decoded));
    }
    Rotate(rotations, {options_.hadamard, options_.seed, options_.step, 1.0f / options_.prescale,
                       true, output_ == OutputType::kBf16});
  }

  absl::Status Measure() {
    FP4_RETURN_IF_ERROR(CudaStatus(
        cudaMemsetAsync(stats_, 0, static_cast<size_t>(num_stats_) * sizeof(Stats), stream_),
        "cudaMemsetAsync"));
    std::vector<TensorJob> jobs = jobs_;
    for (TensorJob& job : jobs) job.num_blocks = NumStats(job);
    ForEachBatch<Batch>(jobs, [&](const Batch& batch) {
      if (rules_.scale_rule == ScaleRule::kMean) {
        LaunchMeans(batch, stream_);
      } else {
        LaunchAmax(batch, stream_);
      }
    });
    return absl::OkStatus();
  }

  // The blocks' scales alone, their mean, and what they become when quantized themselves.
  void Nest() {
    std::vector<TensorJob> scales = jobs_, means;
    for (size_t i = 0; i < jobs_.size(); ++i) {
      auto* absmax = const_cast<float*>(nests_[i].absmax);
      scales[i].decoded = nullptr;
      scales[i].codes = nullptr;
      scales[i].scales = reinterpret_cast<uint32_t*>(absmax);
      TensorJob mean = {};
      mean.values = absmax;
      mean.rows = 1;
      mean.columns = nests_[i].num_scales;
      mean.num_blocks = 1;
      mean.stats = const_cast<Stats*>(nests_[i].stats);
      means.push_back(mean);
    }
    Encode(scales);
    ForEachBatch<Batch>(means, [&](const Batch& batch) { LaunchMeans(batch, stream_); });
    ForEachBatch<NestBatch>(nests_, [&](const NestBatch& batch) { LaunchNest(batch, stream_); });
  }

  void Encode(const std::vector<TensorJob>& jobs) {
    const BlockShape& block = resolved_.block;
    const bool tile = block.kind == BlockShape::Kind::kTile && block.rows > 1;
    ForEachBatch<Batch>(jobs, [&](const Batch& batch) {
      if (options_.ms_eden) return LaunchEden(batch, rules_, stream_);
      if (IsLong(block)) return LaunchElements(batch, rules_, stream_);
      LaunchBlocks(batch, rules_, static_cast<int>(block.columns), tile, stream_);
    });
  }

  const QuantizeOptions& options_;
  const std::span<const TensorView> tensors_;
  const OutputType output_;
  const cudaStream_t stream_;
  const ResolvedOptions resolved_;
  Rules rules_;
  const bool two_level_, needs_stats_;
  std::vector<TensorJob> jobs_;
  std::vector<NestJob> nests_;  // with double quantization one for each job
  Stats* stats_ = nullptr;
  int64_t num_stats_ = 0;
};

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

absl::Status CheckSupported(const Format& format) {
  const FormatInfo& info = format.info();
  if (info.element != ElementType::kOther) return absl::OkStatus();
  return absl::UnimplementedError(
      absl::StrCat(std::string(info.name), " has no CUDA kernel; use the CPU"));
}

absl::Status Quantize(const Format& format, const QuantizeOptions& options,
                      std::span<const TensorView> tensors, OutputType output, cudaStream_t stream,
                      Workspace& workspace) {
  FP4_RETURN_IF_ERROR(CheckSupported(format));
  for (const TensorView& tensor : tensors) FP4_RETURN_IF_ERROR(format.Check(options, tensor.shape));
  return Call(format, options, tensors, output, stream).Run(workspace);
}

absl::Status DropoutMask(float* mask, int64_t size, double probability, uint64_t key,
                         uint64_t counter, cudaStream_t stream) {
  if (size > 0) LaunchDropoutMask(mask, size, probability, key, counter, stream);
  return CudaStatus(cudaGetLastError(), "launch of the dropout mask kernel");
}

}  // namespace fp4::numerics::cuda
