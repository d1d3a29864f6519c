// What MLflow is told of an experiment and its runs, whether through its file store (mlflow.h) or
// by its server's interface (mlflow_server.h). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "client/export/record.h"

namespace fp4::client {

// MLflow takes no longer value of a parameter or a tag; the artifact has a parameter whole.
inline constexpr size_t kLongestMlflowParameter = 6000, kLongestMlflowTag = 5000;

struct MlflowText {
  std::string key, value;
};

// A run's state in MLflow's words. The numbers are those of mlflow.entities.RunStatus.
enum class MlflowStatus { kRunning = 1, kScheduled = 2, kFinished = 3, kFailed = 4, kKilled = 5 };
MlflowStatus MlflowStatusOf(v1::RunState state);
std::string_view MlflowStatusName(MlflowStatus status);  // "FINISHED"

// "NAME (ID)": MLflow wants names that differ, and several experiments may have one name here.
std::string MlflowExperimentName(const v1::Experiment& experiment);
std::vector<MlflowText> MlflowExperimentTags(const v1::Experiment& experiment);

// "fp4 seed 2".
std::string MlflowRunName(const v1::Run& run);
// State, variant, seed and the like; none is empty.
std::vector<MlflowText> MlflowRunTags(const v1::Run& run);
// The fields of the resolved document as "model.d_model"; lists are values.
std::vector<MlflowText> MlflowParameters(const v1::Run& run);

// A key that MLflow takes and that stays inside its folder: letters, digits and _-.:/ and spaces,
// all else becomes "_", and so do parts that are empty, "." or "..".
std::string MlflowKey(std::string_view name);

}  // namespace fp4::client
