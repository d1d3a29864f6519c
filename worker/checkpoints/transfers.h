// Both directions of checkpoints: a thread that sends, one transfer at a time, and one for each
// that is fetched. Neither blocks the worker's own thread, and the sending one has a lower priority
// than the trainers.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "telemetry/metric_registry.h"
#include "worker/checkpoints/checkpoint_client.h"
#include "worker/host/trainer_user.h"
#include "worker/run/checkpoint_carrier.h"

namespace fp4::worker {

struct TransferOptions {
  std::filesystem::path work_dir;
  std::optional<TrainerUser>
      trainer_user;  // who makes and reads checkpoints here; nothing: whoever runs the worker
  int64_t bytes_per_second = 0;  // of sending; 0: no limit
};

// The client and the clock outlive it. Its destructor cancels the client's calls and waits for the
// threads.
std::unique_ptr<CheckpointCarrier> MakeTransfers(const TransferOptions& options,
                                                 CheckpointClient& client, const Clock& clock,
                                                 telemetry::MetricRegistry& registry);

}  // namespace fp4::worker
