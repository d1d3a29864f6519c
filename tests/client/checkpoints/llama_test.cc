#include "client/checkpoints/llama.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <map>
#include <numeric>

#include "spec/model_tensors.h"

namespace fp4::client {
namespace {

using ::testing::HasSubstr;
using Matrix = std::vector<float>;

spec::ModelSpec SmallLlama() {
  spec::ModelSpec model;
  model.d_model = 8;
  model.num_layers = 2;
  model.num_heads = 2;
  model.num_kv_heads = 1;
  model.d_ff = 12;
  model.vocab_size = 16;
  model.sequence_length = 4;
  model.activation = spec::Activation::kSwiglu;
  return model;
}

// A state of the model, its numbers told by `value`.
class LlamaTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::vector<safetensors::TensorView> tensors;
    float next = 1;
    for (const spec::TensorInfo& info : spec::ModelTensors(model_)) {
      if (!info.shares.empty()) continue;
      Matrix& values = values_[info.name];
      values.resize(static_cast<size_t>(info.num_elements()));
      for (float& value : values) value = std::sin(next++);
      tensors.push_back(
          {.name = info.name, .shape = info.shape, .data = std::as_bytes(std::span(values))});
    }
    static const float kMoment = 1;
    tensors.push_back({.name = "optimizer.exp_avg.final_norm.weight",
                       .shape = {1},
                       .data = std::as_bytes(std::span(&kMoment, 1))});
    ASSERT_TRUE(safetensors::Write(file_, tensors, {}).ok());
    auto opened = safetensors::File::Open(file_);
    ASSERT_TRUE(opened.ok()) << opened.status();
    state_ = std::make_unique<safetensors::File>(*std::move(opened));
  }

  static std::map<std::string, Matrix> Values(const ExportedTensors& exported) {
    std::map<std::string, Matrix> all;
    for (const safetensors::TensorView& tensor : exported.tensors) {
      Matrix values(tensor.data.size() / sizeof(float));
      std::memcpy(values.data(), tensor.data.data(), tensor.data.size());
      all[tensor.name] = std::move(values);
    }
    return all;
  }

  const std::filesystem::path file_ = ::testing::TempDir() + "/llama_test.safetensors";
  spec::ModelSpec model_ = SmallLlama();
  std::map<std::string, Matrix> values_;
  std::unique_ptr<safetensors::File> state_;
};

// Row `row` of W (rows of 8) times x.
float Times(const Matrix& w, size_t row, const Matrix& x) {
  return std::inner_product(x.begin(), x.end(), w.begin() + static_cast<std::ptrdiff_t>(row * 8),
                            0.0f);
}

enum class Rotary { kOurs, kTheirs };
// The score of query and key of one head (of 4), at positions m and n: the formulas of SPEC and of
// transformers' apply_rotary_pos_emb.
double Score(const Matrix& q, const Matrix& k, int m, int n, Rotary kind) {
  const auto turned = [&](const Matrix& v, int position) {
    Matrix out(4);
    for (size_t i = 0; i < 2; ++i) {
      const double angle = position * std::pow(10000.0, -2.0 * static_cast<double>(i) / 4);
      const auto c = static_cast<float>(std::cos(angle)), s = static_cast<float>(std::sin(angle));
      const float a = v[i], b = v[i + 2];
      out[i] = kind == Rotary::kOurs ? a * c + b * s : a * c - b * s;
      out[i + 2] = kind == Rotary::kOurs ? b * c - a * s : b * c + a * s;
    }
    return out;
  };
  const Matrix tq = turned(q, m), tk = turned(k, n);
  return std::inner_product(tq.begin(), tq.end(), tk.begin(), 0.0);
}

TEST_F(LlamaTest, ScoresUnderTheirRotaryEqualOursUnderOurs) {
  const auto exported = ToLlama(model_, *state_);
  ASSERT_TRUE(exported.ok()) << exported.status();
  const std::map<std::string, Matrix> theirs = Values(*exported);
  const Matrix& qkv = values_.at("blocks.1.attention.qkv.weight");
  const Matrix x = {0.5f, -1, 2, 0.25f, 1, -0.75f, 0.1f, 3}, y = {1, 2, -1, 0.5f, 0, 1, -2, 0.3f};
  for (size_t head = 0; head < 2; ++head) {
    Matrix our_q, our_k, their_q, their_k;
    for (size_t i = 0; i < 4; ++i) {
      our_q.push_back(Times(qkv, 4 * head + i, x));
      our_k.push_back(Times(qkv, 8 + i, y));
      their_q.push_back(
          Times(theirs.at("model.layers.1.self_attn.q_proj.weight"), 4 * head + i, x));
      their_k.push_back(Times(theirs.at("model.layers.1.self_attn.k_proj.weight"), i, y));
    }
    for (const auto& [m, n] : {std::pair(0, 0), {3, 1}, {2, 0}, {3, 3}}) {
      EXPECT_NEAR(Score(our_q, our_k, m, n, Rotary::kOurs),
                  Score(their_q, their_k, m, n, Rotary::kTheirs), 1e-4);
    }
  }
}

TEST_F(LlamaTest, EveryWeightIsThereUnderTheirNameAndNothingElse) {
  const auto exported = ToLlama(model_, *state_);
  ASSERT_TRUE(exported.ok());
  const std::map<std::string, Matrix> theirs = Values(*exported);
  EXPECT_EQ(theirs.size(), 2u + 2 * 9u);  // the head is tied
  EXPECT_EQ(theirs.at("model.embed_tokens.weight"), values_.at("embedding.weight"));
  EXPECT_EQ(theirs.at("model.norm.weight"), values_.at("final_norm.weight"));
  EXPECT_EQ(theirs.at("model.layers.0.mlp.gate_proj.weight"),
            values_.at("blocks.0.mlp.gate.weight"));
  EXPECT_EQ(theirs.at("model.layers.1.input_layernorm.weight"),
            values_.at("blocks.1.attention_norm.weight"));
  EXPECT_EQ(theirs.at("model.layers.0.self_attn.v_proj.weight").size(), 4u * 8u);
  EXPECT_EQ(Values(*ToPlain(model_, *state_)), values_);
}

TEST_F(LlamaTest, AMissingTensorIsNamed) {
  model_.num_layers = 3;
  EXPECT_THAT(ToLlama(model_, *state_).status().ToString(), HasSubstr("blocks.2."));
  model_.num_layers = 2;
  model_.d_ff = 16;
  EXPECT_THAT(ToPlain(model_, *state_).status().ToString(), HasSubstr("has the shape (12, 8)"));
}

TEST(CheckIsLlama, SaysAllThatIsInTheWay) {
  EXPECT_EQ(CheckIsLlama(SmallLlama()), absl::OkStatus());
  spec::ModelSpec model = SmallLlama();
  model.activation = spec::Activation::kRelu2;
  model.sub_norm = true;
  model.rotary_axis = spec::RotaryAxis::kHeads;
  const std::string why = CheckIsLlama(model).ToString();
  EXPECT_THAT(why, HasSubstr("no gate"));
  EXPECT_THAT(why, HasSubstr("sub_norm"));
  EXPECT_THAT(why, HasSubstr("rotary_axis"));
  model.kind = "convnet";
  EXPECT_THAT(CheckIsLlama(model).ToString(), HasSubstr("model.kind is convnet"));
}

}  // namespace
}  // namespace fp4::client
