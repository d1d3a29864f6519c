// Many tensors in one call: each as by itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "numerics/cpu/quantize.h"
#include "tests/numerics/cases.h"

namespace fp4::numerics::cpu {
namespace {

using testing::Each;
using testing::HasSubstr;

// Tensors with their outputs, each quantized in its own way.
class QuantizeManyTest : public testing::Test {
 protected:
  // `decoded_` starts as what no format decodes to.
  void Add(std::string_view format, const TensorCase& tensor, const QuantizeOptions& options) {
    tensors_.push_back({FindFormat(format), options, tensor.shape, tensor.values, {}});
    decoded_.emplace_back(tensor.values.size(), 123.25f);
  }

  void AddEveryFormat() {
    for (const Format* format : AllFormats()) {
      for (const OptionsCase& options : OptionsCases(*format)) {
        const TensorCase& tensor = TensorCases()[tensors_.size() % TensorCases().size()];
        if (format->Check(options.options, tensor.shape).ok())
          Add(format->info().name, tensor, options.options);
      }
    }
  }

  std::vector<QuantizeJob> Jobs() {
    std::vector<QuantizeJob> jobs = tensors_;
    for (size_t i = 0; i < jobs.size(); ++i) jobs[i].decoded = decoded_[i];
    return jobs;
  }

  void ExpectEachAsByItself() {
    for (size_t i = 0; i < tensors_.size(); ++i) {
      const QuantizeJob& job = tensors_[i];
      std::vector<float> alone(job.values.size());
      ASSERT_TRUE(
          QuantizeDequantize(*job.format, job.values, job.shape, job.options, alone, SerialFor)
              .ok());
      ASSERT_EQ(std::memcmp(alone.data(), decoded_[i].data(), alone.size() * sizeof(float)), 0)
          << "tensor " << i << ", " << job.format->info().name;
    }
  }

  std::vector<QuantizeJob> tensors_;
  std::vector<std::vector<float>> decoded_;
};

TEST_F(QuantizeManyTest, EachIsAsByItself) {
  AddEveryFormat();
  ASSERT_GT(tensors_.size(), 100u);
  ASSERT_TRUE(QuantizeDequantizeMany(Jobs(), BackwardsOnTwoThreads).ok());
  ExpectEachAsByItself();
}

TEST_F(QuantizeManyTest, LargeTensorsBetweenSmallOnes) {
  const TensorCase large = {"large", {512, 1024}, Gaussians(int64_t{512} * 1024, 3)};
  Add("nvfp4", TensorCases().front(), {});
  Add("nvfp4", large, {});
  Add("fp4", large, {});
  Add("int8", TensorCases().front(), {});
  ASSERT_TRUE(QuantizeDequantizeMany(Jobs(), BackwardsOnTwoThreads).ok());
  ExpectEachAsByItself();
}

TEST_F(QuantizeManyTest, OneThatCannotBeQuantizedIsNamedAndNothingIsWritten) {
  QuantizeOptions wrong;
  wrong.block = "48";
  Add("nvfp4", TensorCases().front(), {});
  Add("fp4", TensorCases().front(), wrong);
  const absl::Status status = QuantizeDequantizeMany(Jobs(), SerialFor);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("tensor 1: fp4: block 48"));
  EXPECT_THAT(decoded_[0], Each(123.25f));
}

TEST_F(QuantizeManyTest, NoTensorsAreFine) {
  EXPECT_TRUE(QuantizeDequantizeMany({}, SerialFor).ok());
}

}  // namespace
}  // namespace fp4::numerics::cpu
