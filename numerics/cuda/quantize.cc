#include "numerics/cuda/quantize.h"

#include <algorithm>
#include <string>
#include <utility>
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
  rules.step = options.step;
  rules.output_bf16 = output == OutputType::kBf16;
  return rules;
}

bool IsLong(const BlockShape& block) {
  return block.kind == BlockShape::Kind::kRow || block.kind == BlockShape::Kind::kTensor ||
         block.kind == BlockShape::Kind::kElement;
}

TensorJob MakeJob(const QuantizeJob& wanted, const BlockShape& block) {
  const TensorView& tensor = wanted.tensor;
  TensorJob job = {};
  job.key = RandomKey(wanted.options.seed, wanted.options.stream);
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

// The options without what each tensor of a launch has for itself.
QuantizeOptions SharedOptions(QuantizeOptions options) {
  options.seed = 0;
  options.stream = 0;
  options.signs = {};
  return options;
}

bool ShareLaunches(const QuantizeJob& a, const QuantizeJob& b) {
  return a.format == b.format && a.output == b.output &&
         SharedOptions(a.options) == SharedOptions(b.options);
}

// Tensors that share launches: their passes in the order in which they are enqueued.
class Call {
 public:
  // `jobs` is not empty; of its options only those that all jobs share are taken from the first.
  Call(std::vector<QuantizeJob> jobs, cudaStream_t stream)
      : tensors_(std::move(jobs)),
        options_(tensors_.front().options),
        output_(tensors_.front().output),
        stream_(stream),
        resolved_(Resolve(tensors_.front().format->info(), options_)),
        rules_(MakeRules(tensors_.front().format->info(), options_, resolved_, output_)),
        two_level_(rules_.scale_rule == ScaleRule::kTwoLevel),
        needs_stats_((two_level_ && rules_.tensor_amax == 0.0f) ||
                     (IsLong(resolved_.block) && rules_.scale_rule != ScaleRule::kNone)) {
    for (const QuantizeJob& tensor : tensors_) jobs_.push_back(MakeJob(tensor, resolved_.block));
    if (options_.hadamard != 0) rules_.output_bf16 = false;  // the rotation back does it
  }

  absl::Status CheckSizes() const {
    for (const TensorJob& job : jobs_) FP4_RETURN_IF_ERROR(CheckSize(job));
    return absl::OkStatus();
  }

  size_t WorkspaceBytes() {
    Layout counted(nullptr);
    Place(counted);
    return counted.size();
  }

  // `memory` holds WorkspaceBytes().
  absl::Status Run(void* memory) {
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

  // Decides where everything between the passes lies. It is called twice: to count the bytes, and
  // to place what needs them.
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
        auto* rotated = layout.Take<float>(tensors_[i].tensor.shape.size());
        jobs_[i].values = rotated;
        jobs_[i].decoded = tensors_[i].tensor.decoded == nullptr ? nullptr : rotated;
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
    nest.codes = tensors_[i].tensor.scales;
    nest.scale_scales = tensors_[i].tensor.scale_scales;
    nest.scale_offset = tensors_[i].tensor.scale_offset;
    job.scales = nullptr;
    job.decode_scales = nest.decode_scales;
    nests_.push_back(nest);
  }

  void Rotate(const std::vector<RotationJob>& jobs, const Rotation& rotation) {
    ForEachBatch<RotationBatch>(
        jobs, [&](const RotationBatch& batch) { LaunchRotate(batch, rotation, stream_); });
  }

  RotationJob MakeRotation(size_t i, const float* from, void* to) const {
    RotationJob job = {};
    job.values = from;
    job.rotated = to;
    job.num_blocks = tensors_[i].tensor.shape.size() / options_.hadamard;
    job.signs = MakeSignBits(tensors_[i].options.signs);
    return job;
  }

  void RotateForth() {
    std::vector<RotationJob> rotations;
    for (size_t i = 0; i < jobs_.size(); ++i) {
      // The rotation writes here what all later passes read.
      auto* rotated = const_cast<float*>(jobs_[i].values);
      rotations.push_back(MakeRotation(i, tensors_[i].tensor.values, rotated));
    }
    Rotate(rotations, {options_.hadamard, 1.0f, false, false});
  }

  void RotateBack() {
    std::vector<RotationJob> rotations;
    for (size_t i = 0; i < jobs_.size(); ++i) {
      void* decoded = tensors_[i].tensor.decoded;
      if (decoded == nullptr) continue;
      rotations.push_back(MakeRotation(i, jobs_[i].values, decoded));
    }
    Rotate(rotations,
           {options_.hadamard, 1.0f / options_.prescale, true, output_ == OutputType::kBf16});
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

  // Makes the blocks' scales alone, then their mean, then what they become when quantized
  // themselves.
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

  const std::vector<QuantizeJob> tensors_;
  const QuantizeOptions options_;
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

// The jobs have passed their formats' checks. All calls are enqueued on one stream, so that they
// can use the same memory one after the other.
absl::Status RunCalls(std::span<const QuantizeJob> jobs, cudaStream_t stream,
                      Workspace& workspace) {
  std::vector<std::vector<QuantizeJob>> groups;
  for (const QuantizeJob& job : jobs) {
    auto group = std::ranges::find_if(
        groups, [&](const auto& other) { return ShareLaunches(other.front(), job); });
    if (group == groups.end()) group = groups.emplace(groups.end());
    group->push_back(job);
  }
  std::vector<Call> calls;
  calls.reserve(groups.size());
  size_t bytes = 0;
  for (std::vector<QuantizeJob>& group : groups) {
    Call& call = calls.emplace_back(std::move(group), stream);
    FP4_RETURN_IF_ERROR(call.CheckSizes());
    bytes = std::max(bytes, call.WorkspaceBytes());
  }
  FP4_ASSIGN_OR_RETURN(void* memory, workspace.Get(bytes));
  for (Call& call : calls) FP4_RETURN_IF_ERROR(call.Run(memory));
  return absl::OkStatus();
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
  std::vector<QuantizeJob> jobs;
  for (const TensorView& tensor : tensors) {
    FP4_RETURN_IF_ERROR(format.Check(options, tensor.shape));
    jobs.push_back({&format, options, tensor, output});
  }
  return RunCalls(jobs, stream, workspace);
}

absl::Status QuantizeMany(std::span<const QuantizeJob> jobs, cudaStream_t stream,
                          Workspace& workspace) {
  for (size_t i = 0; i < jobs.size(); ++i) {
    absl::Status status = CheckSupported(*jobs[i].format);
    if (status.ok()) status = jobs[i].format->Check(jobs[i].options, jobs[i].tensor.shape);
    if (!status.ok()) {
      return absl::Status(status.code(),
                          absl::StrCat("tensor ", i, ": ", std::string(status.message())));
    }
  }
  return RunCalls(jobs, stream, workspace);
}

absl::Status DropoutMask(float* mask, int64_t size, double probability, uint64_t key,
                         uint64_t counter, cudaStream_t stream) {
  if (size > 0) LaunchDropoutMask(mask, size, probability, key, counter, stream);
  return CudaStatus(cudaGetLastError(), "launch of the dropout mask kernel");
}

}  // namespace fp4::numerics::cuda
