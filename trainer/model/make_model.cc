#include <functional>
#include <map>

#include "trainer/model/model.h"

namespace fp4::trainer {
namespace {

std::map<std::string, MakeModelFunction, std::less<>>& Models() {
  static std::map<std::string, MakeModelFunction, std::less<>> models;
  return models;
}

}  // namespace

ModelRegistration::ModelRegistration(std::string_view kind, MakeModelFunction make) {
  Models().emplace(kind, make);
}

std::unique_ptr<Model> MakeModel(const ModelParts& parts) {
  const auto found = Models().find(parts.run.model.kind);
  TORCH_CHECK(found != Models().end(), "there is no model of the kind '", parts.run.model.kind,
              "'");
  return found->second(parts);
}

}  // namespace fp4::trainer
