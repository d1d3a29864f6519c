// What the emulation has to notice, each by a kernel that does it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <vector>

namespace {

using testing::HasSubstr;

template <class... Parameters, class... Arguments>
cudaError_t Launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, Arguments... arguments) {
  cudaLaunchConfig_t config = {};
  config.gridDim = grid;
  config.blockDim = block;
  return cudaLaunchKernelEx(&config, kernel, arguments...);
}

std::string LastError() {
  const cudaError_t error = cudaGetLastError();
  return error == cudaSuccess ? "" : cudaGetErrorString(error);
}

__global__ void Fill(int* out) {
  const unsigned thread = (blockIdx.y * gridDim.x + blockIdx.x) * blockDim.x + threadIdx.x;
  out[thread] += static_cast<int>(thread);
}

TEST(CudaEmulationTest, EveryThreadOfTheGridRunsOnce) {
  std::vector<int> out(3 * 5 * 48);
  ASSERT_EQ(Launch(Fill, dim3(3, 5), 48, out.data()), cudaSuccess);
  std::vector<int> expected(out.size());
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(out, expected);
}

__global__ void Shuffles(int* from, int* exchanged, int* modulo, int* later) {
  const int lane = static_cast<int>(threadIdx.x);
  from[lane] = __shfl_sync(~0u, lane, 5, 8);
  exchanged[lane] = __shfl_xor_sync(~0u, lane, 3);
  modulo[lane] = __shfl_sync(~0u, lane, 19, 16);
  later[lane] = __shfl_xor_sync(~0u, lane, 16, 16);
}

TEST(CudaEmulationTest, ShufflesStayInGroupsOfTheirWidth) {
  std::vector<int> from(32), exchanged(32), modulo(32), later(32);
  ASSERT_EQ(Launch(Shuffles, 1, 32, from.data(), exchanged.data(), modulo.data(), later.data()),
            cudaSuccess);
  for (int lane = 0; lane < 32; ++lane) {
    const auto i = static_cast<size_t>(lane);
    EXPECT_EQ(from[i], lane / 8 * 8 + 5);
    EXPECT_EQ(exchanged[i], lane ^ 3);
    EXPECT_EQ(modulo[i], lane / 16 * 16 + 3);
    EXPECT_EQ(later[i], lane < 16 ? lane : lane - 16);  // a later group is out of reach
  }
}

__global__ void Reductions(unsigned* largest, int* any, int* any_of_block) {
  largest[threadIdx.x] = __reduce_max_sync(~0u, threadIdx.x);
  any[threadIdx.x] = __any_sync(~0u, threadIdx.x == 40);
  any_of_block[threadIdx.x] = __syncthreads_or(threadIdx.x == 40);
}

TEST(CudaEmulationTest, ReductionsAreOfTheWarpOrTheBlock) {
  std::vector<unsigned> largest(64);
  std::vector<int> any(64), any_of_block(64);
  ASSERT_EQ(Launch(Reductions, 1, 64, largest.data(), any.data(), any_of_block.data()),
            cudaSuccess);
  for (size_t i = 0; i < 64; ++i) {
    EXPECT_EQ(largest[i], i < 32 ? 31u : 63u);
    EXPECT_EQ(any[i], i >= 32);
    EXPECT_EQ(any_of_block[i], 1);
  }
}

__global__ void Reverse(int* values, bool with_barrier) {
  __shared__ int held[256];
  held[threadIdx.x] = values[threadIdx.x];
  if (with_barrier) __syncthreads();
  values[threadIdx.x] = held[255 - threadIdx.x];
}

TEST(CudaEmulationTest, AMissingBarrierShows) {
  std::vector<int> values(256), reversed(256);
  std::iota(values.begin(), values.end(), 1);
  std::iota(reversed.rbegin(), reversed.rend(), 1);
  std::vector<int> with = values, without = values;
  ASSERT_EQ(Launch(Reverse, 1, 256, without.data(), false), cudaSuccess);
  ASSERT_EQ(Launch(Reverse, 1, 256, with.data(), true), cudaSuccess);
  EXPECT_EQ(with, reversed);
  EXPECT_NE(without, reversed);
}

__global__ void LaneLeaves(int* out) {
  if (threadIdx.x == 7) return;
  out[threadIdx.x] = __shfl_sync(~0u, 1, 0);
}
__global__ void LaneDoesSomethingElse() {
  if (threadIdx.x == 7) {
    __shfl_sync(~0u, 1, 0);
  } else {
    __any_sync(~0u, 1);
  }
}
__global__ void LaneMeansAnotherMask() { __shfl_sync(threadIdx.x == 0 ? 0x7FFFFFFFu : ~0u, 1, 0); }
__global__ void LaneIsNotInItsMask() { __syncwarp(1); }
__global__ void LaneDoesNotExist() { __syncwarp(); }
__global__ void SourceIsNotInTheMask() {
  if (threadIdx.x < 8) __shfl_sync(0xFF, 1, 8);
}
__global__ void ThreadMissesTheBarrier() {
  if (threadIdx.x != 3) __syncthreads();
}
__global__ void BarriersDiffer() {
  if (threadIdx.x < 32) {
    __syncthreads();
  } else {
    __syncthreads();
  }
}

struct BrokenRule {
  const char* name;
  void (*kernel)();
  unsigned threads;
  const char* message;
};

class BrokenRuleTest : public testing::TestWithParam<BrokenRule> {};

TEST_P(BrokenRuleTest, FailsTheLaunch) {
  EXPECT_EQ(Launch(GetParam().kernel, 2, GetParam().threads), cudaErrorLaunchFailure);
  const std::string error = LastError();
  EXPECT_THAT(error, HasSubstr(GetParam().message));
  EXPECT_THAT(error, HasSubstr("emulation_test.cu:"));
  EXPECT_EQ(LastError(), "");
  // The next launch is not disturbed.
  std::vector<int> out(64);
  EXPECT_EQ(Launch(Fill, 1, 64, out.data()), cudaSuccess);
}

INSTANTIATE_TEST_SUITE_P(Rules, BrokenRuleTest,
                         testing::ValuesIn(std::vector<BrokenRule>{
                             {"Operation", LaneDoesSomethingElse, 32, "another operation"},
                             {"Mask", LaneMeansAnotherMask, 32, "another operation"},
                             {"OwnLane", LaneIsNotInItsMask, 32, "not in the mask"},
                             {"NoSuchLane", LaneDoesNotExist, 16, "a lane that the block has not"},
                             {"Source", SourceIsNotInTheMask, 32, "from lane 8 outside the mask"},
                             {"Barrier", ThreadMissesTheBarrier, 64,
                              "waits for ever for thread 3, which has returned"},
                             {"TwoBarriers", BarriersDiffer, 64, "another barrier"},
                         }),
                         [](const auto& info) { return info.param.name; });

TEST(CudaEmulationTest, ALaneThatHasReturnedIsMissed) {
  std::vector<int> out(32);
  EXPECT_EQ(Launch(LaneLeaves, 1, 32, out.data()), cudaErrorLaunchFailure);
  EXPECT_THAT(LastError(), HasSubstr("waits for ever for thread 7, which has returned"));
}

TEST(CudaEmulationTest, AnEmptyGridIsAnError) {
  EXPECT_EQ(Launch(LaneIsNotInItsMask, dim3(0), 32), cudaErrorInvalidConfiguration);
  EXPECT_NE(LastError(), "");
}

__global__ void WriteAt(int* out, int index) { out[index] = 1; }

TEST(CudaEmulationDeathTest, AccessBeyondTheEndIsFatal) {
  int* data = nullptr;
  ASSERT_EQ(cudaMalloc(&data, 16 * sizeof(int)), cudaSuccess);
  EXPECT_DEATH(Launch(WriteAt, 1, 1, data, 16), "");
  EXPECT_EQ(cudaFree(data), cudaSuccess);
}

TEST(CudaEmulationTest, WritingJustBeyondAnOddEndIsNoticed) {
  int* data = nullptr;
  ASSERT_EQ(cudaMalloc(&data, 3 * sizeof(int)), cudaSuccess);
  ASSERT_EQ(Launch(WriteAt, 1, 1, data, 3), cudaSuccess);
  EXPECT_EQ(cudaFree(data), cudaErrorInvalidValue);
}

__global__ void ReadVector(const float* from, float* to) {
  const float4 four = *reinterpret_cast<const float4*>(from);
  *to = four.x + four.w;
}

TEST(CudaEmulationDeathTest, AVectorWithoutAlignmentIsFatal) {
  alignas(16) float values[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  float sum = 0;
  ASSERT_EQ(Launch(ReadVector, 1, 1, &values[0], &sum), cudaSuccess);
  EXPECT_EQ(sum, 5);
  EXPECT_DEATH(Launch(ReadVector, 1, 1, &values[1], &sum), "");
}

}  // namespace
