#include "base/gpu.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fp4 {
namespace {

using testing::HasSubstr;

TEST(GpuLibraryTest, IsNotFoundWithoutADriver) {
  EXPECT_TRUE(absl::IsNotFound(LoadGpuLibrary("/nowhere/libnvidia-ml.so.1").status()));
}

TEST(GpuLibraryTest, LibraryWithoutTheCallsIsAnError) {
  const absl::Status status = LoadGpuLibrary("libm.so.6").status();
  EXPECT_TRUE(absl::IsInternal(status));
  EXPECT_THAT(status.ToString(), HasSubstr("nvmlInit_v2"));
}

TEST(GpuLibraryTest, ReadsNameMemoryAndEnergy) {
  absl::StatusOr<std::unique_ptr<GpuLibrary>> library = LoadGpuLibrary(FAKE_NVML);
  ASSERT_TRUE(library.ok()) << library.status();
  ASSERT_EQ((*library)->gpus().size(), 2u);
  EXPECT_EQ((*library)->gpus()[1].uuid, "GPU-00000001-fake");
  EXPECT_EQ((*library)->gpus()[1].name, "Fake GPU");
  const GpuReading reading = (*library)->Read(1).value();
  EXPECT_EQ(reading.memory_used_bytes, int64_t{10} << 30);
  EXPECT_TRUE(reading.has_energy);
  EXPECT_GT(reading.energy_joules, 1000);
}

}  // namespace
}  // namespace fp4
