// A model as a run builds it, without data and without a loop.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/spec/reading.h"
#include "trainer/model/model.h"

namespace fp4::trainer {

struct BuiltModel {
  // `sections` of a document: R"("model": {"kind": "convnet"})".
  explicit BuiltModel(const std::string& sections)
      : run(spec::ReadRun(R"({"name": "a", )" + sections + "}", {"training.compute_dtype=fp32"})),
        parameters(run.model, /*seed=*/1, at::kCPU) {
    context.training = true;
    model = MakeModel({run, parameters, at::kFloat, context, *backend});
  }

  // The weight as fprop sees it, in fp64, of the shape that it has in files.
  at::Tensor WeightInFprop(const std::string& layer) const {
    for (const QuantizedLayer* each : model->layers()) {
      if (each->name() == layer) return each->weight().to(at::kDouble).view(ShapeOf(layer));
    }
    TORCH_CHECK(false, "no layer ", layer);
  }

  std::vector<int64_t> ShapeOf(const std::string& layer) const {
    for (const Parameter& parameter : parameters.all()) {
      if (parameter.name == layer + ".weight") return parameter.shape;
    }
    TORCH_CHECK(false, "no weight of ", layer);
  }

  at::Tensor Gradient(const std::string& name) const { return parameters.Master(name).grad(); }

  spec::RunSpec run;
  StepContext context;
  std::unique_ptr<Backend> backend = MakeCpuBackend();
  ParameterSet parameters;
  std::unique_ptr<Model> model;
};

// |a - b| <= tolerance * max |b|.
inline bool IsClose(const at::Tensor& a, const at::Tensor& b, double tolerance) {
  const at::Tensor expected = b.to(at::kDouble);
  const at::Tensor error = (a.to(at::kDouble) - expected.reshape(a.sizes())).abs().max();
  return error.item<double>() <= tolerance * expected.abs().max().item<double>();
}

}  // namespace fp4::trainer
