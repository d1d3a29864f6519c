#include "trainer/model/model.h"
#include "trainer/model/transformer.h"

namespace fp4::trainer {

std::unique_ptr<Model> MakeModel(const ModelParts& parts) {
  return std::make_unique<Transformer>(parts);
}

}  // namespace fp4::trainer
