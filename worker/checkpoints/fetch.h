// One checkpoint on its way from the controller.
#pragma once

#include <functional>
#include <optional>

#include "absl/status/status.h"
#include "worker/checkpoints/checkpoint_client.h"
#include "worker/host/trainer_user.h"
#include "worker/run/checkpoint_carrier.h"

namespace fp4::worker {

// Brings the checkpoint to request.folder, whole and with the digest that its event told, or not at
// all. Where the controller's artifact folder is seen here and lies on the same filesystem it
// becomes another name of the same file; else it is sent, from where an earlier try ended.
// `user`: whose the files shall be; nothing: whoever runs the worker's. `stopped` is asked between
// pieces. Errors as of Fetch::Result.
absl::Status BringCheckpoint(CheckpointClient& client, const ArtifactPlace& place,
                             const FetchRequest& request, const std::optional<TrainerUser>& user,
                             const std::function<bool()>& stopped);

}  // namespace fp4::worker
