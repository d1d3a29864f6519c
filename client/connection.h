#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "fp4/v1/experiments.pb.h"
#include "wire/channel_security.h"

namespace fp4::client {

// Events of one Watch call. Next by one thread; Cancel by any.
class WatchStream {
 public:
  virtual ~WatchStream() = default;
  // Waits for the next event. False: the stream has ended, Finish says how.
  virtual bool Next(v1::Event& event) = 0;
  virtual absl::Status Finish() = 0;
  virtual void Cancel() = 0;
};

// A channel to one controller. Calls wait for the answer at most `call_timeout`
// (DEADLINE_EXCEEDED). Errors carry what FromRpc makes of them. Thread-safe.
class Connection {
 public:
  explicit Connection(const std::string& address, const wire::ChannelSecurity& security = {},
                      absl::Duration call_timeout = absl::Seconds(30));
  ~Connection();

  const std::string& address() const { return address_; }

  // Experiments come with all their runs.
  absl::StatusOr<v1::Experiment> CreateExperiment(const v1::CreateExperimentRequest& request);
  absl::StatusOr<v1::Experiment> GetExperiment(const std::string& id);
  absl::StatusOr<v1::ListExperimentsResponse> ListExperiments(
      const v1::ListExperimentsRequest& request);
  absl::StatusOr<v1::Experiment> CancelExperiment(const std::string& id);
  absl::Status DeleteExperiment(const std::string& id);
  absl::StatusOr<v1::Run> GetRun(const std::string& id);
  absl::StatusOr<v1::ListRunsResponse> ListRuns(const v1::ListRunsRequest& request);
  absl::StatusOr<v1::Run> CancelRun(const std::string& id);
  absl::StatusOr<v1::Run> RetryRun(const std::string& id);
  // All pages together.
  absl::StatusOr<v1::QueryMetricsResponse> QueryMetrics(v1::QueryMetricsRequest request);
  absl::StatusOr<v1::CompareResponse> Compare(const v1::CompareRequest& request);
  absl::StatusOr<v1::ListQueueResponse> ListQueue(const v1::ListQueueRequest& request);
  absl::StatusOr<v1::ListWorkersResponse> ListWorkers();
  // `name_or_id`: a prefix of the id will do.
  absl::StatusOr<v1::Worker> ForgetWorker(const std::string& name_or_id);

  // The stream must not outlive the connection.
  std::unique_ptr<WatchStream> Watch(const v1::WatchRequest& request);

  // grpc.health.v1: OK when it answers SERVING within `timeout`. With `wait` a controller that does
  // not listen yet is waited for; without, that is an error at once.
  absl::Status CheckServing(absl::Duration timeout, bool wait);

 private:
  struct Channel;
  // Asks for the pages of its runs that are missing.
  absl::StatusOr<v1::Experiment> WithAllRuns(absl::StatusOr<v1::Experiment> experiment);

  const std::string address_;
  std::unique_ptr<Channel> channel_;
};

}  // namespace fp4::client
