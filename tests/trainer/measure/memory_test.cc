#include "trainer/measure/memory.h"

#include <gtest/gtest.h>

#include "trainer/backend/cpu_tensors.h"
#include "trainer/backend/freed_blocks.h"

namespace fp4::trainer {
namespace {

constexpr int64_t kMiB = 1 << 20;

at::Tensor Bytes(int64_t size) { return at::zeros({size}, at::kByte); }

TEST(StorageBytesTest, CountsASharedStorageOnceAndLeavesOthersOut) {
  const at::Tensor all = at::zeros({8, 4}, at::kFloat), other = at::zeros({5}, at::kBFloat16);
  const std::vector<at::Tensor> tensors = {all, all.t(), all.narrow(0, 2, 3), at::Tensor(), other};

  EXPECT_EQ(StorageBytes(tensors), 8 * 4 * 4 + 5 * 2);
  EXPECT_EQ(StorageBytes(tensors, std::vector{all.narrow(0, 0, 1)}), 5 * 2);
}

TEST(CpuTensorsTest, RemembersThePeakUntilItIsReset) {
  CountCpuTensors();
  CountCpuTensors();
  const int64_t before = CpuTensorBytes();
  ResetCpuTensorPeak();
  at::Tensor kept = Bytes(kMiB);
  { const at::Tensor dropped = Bytes(2 * kMiB); }

  EXPECT_NEAR(static_cast<double>(CpuTensorBytes() - before), kMiB, 8192);
  EXPECT_NEAR(static_cast<double>(CpuTensorPeak() - before), 3 * kMiB, 8192);
  ResetCpuTensorPeak();
  EXPECT_EQ(CpuTensorPeak(), CpuTensorBytes());
  kept = at::Tensor();
  EXPECT_EQ(CpuTensorBytes(), before);
}

TEST(CpuTensorsTest, KeepsLargeBlocksForTheNextTensorButNeverMoreThanWasHeld) {
  CountCpuTensors();
  { const at::Tensor a = Bytes(8 * kMiB), b = Bytes(4 * kMiB); }
  const int64_t all = CpuTensorBytes() + CpuFreedBytes();
  const int64_t kept = CpuFreedBytes();
  EXPECT_GE(kept, 12 * kMiB);

  at::Tensor again = at::empty({8 * kMiB}, at::kByte);
  EXPECT_LE(CpuFreedBytes(), kept - 8 * kMiB);
  const at::Tensor another = at::empty({6 * kMiB}, at::kByte);  // the other block has to go
  EXPECT_LE(CpuTensorBytes() + CpuFreedBytes(), all + 2 * kMiB + 8192);
}

TEST(FreedBlocksTest, GivesTheSmallestThatIsLargeEnoughAndNotMuchLarger) {
  FreedBlocks blocks;
  char data[3];
  blocks.Put(&data[0], 1050);
  blocks.Put(&data[1], 1000);
  blocks.Put(&data[2], 1200);

  EXPECT_EQ(blocks.Take(1001), &data[0]);
  EXPECT_EQ(blocks.Take(1001), nullptr);
  EXPECT_EQ(blocks.Take(990), &data[1]);
  EXPECT_EQ(blocks.bytes(), 1200);
}

TEST(FreedBlocksTest, LetsTheOldestGoFirst) {
  FreedBlocks blocks;
  char data[3];
  for (char& each : data) blocks.Put(&each, 100);
  std::vector<void*> released;
  blocks.Shrink(150, [&](void* block) { released.push_back(block); });

  EXPECT_EQ(released, (std::vector<void*>{&data[0], &data[1]}));
  EXPECT_EQ(blocks.bytes(), 100);
}

TEST(CpuTensorsTest, CountsWhatATensorGrowsTo) {
  CountCpuTensors();
  at::Tensor tensor = Bytes(16);
  const int64_t before = CpuTensorBytes();

  tensor.resize_({kMiB});

  EXPECT_NEAR(static_cast<double>(CpuTensorBytes() - before), kMiB, 8192);
}

}  // namespace
}  // namespace fp4::trainer
