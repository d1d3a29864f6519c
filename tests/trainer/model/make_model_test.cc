#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "spec/model_kinds.h"
#include "tests/trainer/model/built_model.h"

namespace fp4::trainer {
namespace {

// A kind without a row in make_model.cc fails here, and a model whose layers are not those of its
// list of tensors.
TEST(MakeModel, EveryKindHasAModelWithTheLayersOfItsTensors) {
  for (const std::string& kind : spec::ModelKindNames()) {
    const BuiltModel built(R"("model": {"kind": ")" + kind + "\"}");
    std::vector<std::string> expected, layers;
    for (const spec::TensorInfo& tensor : spec::ModelLayers(built.run.model))
      expected.push_back(tensor.layer());
    for (const QuantizedLayer* layer : built.model->layers()) layers.push_back(layer->name());
    EXPECT_EQ(layers, expected) << kind;
  }
}

}  // namespace
}  // namespace fp4::trainer
