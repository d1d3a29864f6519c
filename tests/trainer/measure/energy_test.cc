#include "trainer/measure/energy.h"

#include <gtest/gtest.h>

namespace fp4::trainer {
namespace {

// A device that only counts energy.
class CountingBackend : public Backend {
 public:
  at::Device device() const override { return at::kCPU; }
  std::string device_name() const override { return ""; }
  std::string instruction_set() const override { return ""; }
  void QuantizeDequantize(std::span<const QuantizeJob>) override {}
  at::Tensor DropoutMask(at::IntArrayRef, double, uint64_t, uint64_t) override { return {}; }
  int64_t allocated_bytes() const override { return 0; }
  int64_t tensor_bytes() const override { return 0; }
  int64_t tensor_peak_bytes() const override { return 0; }
  void ResetPeak() override {}
  std::optional<double> energy_joules() const override { return joules; }

  std::optional<double> joules;
};

TEST(EnergyMeterTest, CountsFromItsStartOnTopOfEarlierAttempts) {
  CountingBackend backend;
  backend.joules = 1000.0;
  EnergyMeter meter(backend, 25.0);
  EXPECT_EQ(meter.Joules(), 25.0);
  backend.joules = 1040.0;
  EXPECT_EQ(meter.Joules(), 65.0);
}

TEST(EnergyMeterTest, SaysNothingWhereTheDeviceDoesNot) {
  CountingBackend backend;
  EnergyMeter silent(backend, 0.0);
  EXPECT_EQ(silent.Joules(), std::nullopt);
  backend.joules = 5.0;
  EnergyMeter fading(backend, 0.0);
  backend.joules.reset();
  EXPECT_EQ(fading.Joules(), std::nullopt);
}

}  // namespace
}  // namespace fp4::trainer
