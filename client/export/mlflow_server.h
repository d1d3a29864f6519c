// Runs into an MLflow tracking server, through its REST interface 2.0
// (mlflow.org/docs/latest/rest-api.html). What is sent again changes nothing: an experiment is
// found by its name, a run by its tag fp4.run, and MLflow keeps one of equal points.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "client/export/record.h"
#include "client/http/call.h"

namespace fp4::client {

// Not thread-safe. Errors are the server's own words, with the request that it refused.
class MlflowServer {
 public:
  explicit MlflowServer(HttpCall call) : call_(std::move(call)) {}

  // The server's id of the experiment, which is made if absent. FAILED_PRECONDITION: it was deleted
  // there and not yet purged.
  absl::StatusOr<std::string> StoreExperiment(const v1::Experiment& experiment);

  // The server's id of the run: all its points to the last bit, parameters, tags, state; documents
  // as artifacts where the server takes artifacts itself (mlflow-artifacts:).
  absl::StatusOr<std::string> StoreRun(const std::string& experiment_id, const RunRecord& record);

 private:
  struct StoredRun {
    std::string id, artifact_uri;
  };

  absl::StatusOr<std::string> Ask(const HttpRequest& request);
  absl::StatusOr<StoredRun> FindRun(const std::string& experiment_id, const v1::Run& run);
  absl::StatusOr<StoredRun> MakeRun(const std::string& experiment_id, const RunRecord& record);
  absl::Status LogParameters(const std::string& run_id, const v1::Run& run);
  absl::Status LogMetrics(const std::string& run_id, const RunRecord& record);
  absl::Status LogTags(const std::string& run_id, const v1::Run& run);
  absl::Status UpdateState(const std::string& run_id, const v1::Run& run);
  absl::Status PutArtifact(const StoredRun& run, const std::string& name, const std::string& text);

  HttpCall call_;
};

}  // namespace fp4::client
