// One checkpoint on its way to the controller.
#pragma once

#include <functional>
#include <optional>

#include "absl/status/status.h"
#include "worker/checkpoints/checkpoint_client.h"
#include "worker/host/trainer_user.h"
#include "worker/types.h"

namespace fp4::worker {

struct UploadContext {
  CheckpointClient& client;
  Caller caller;
  ArtifactPlace place;
  const std::optional<TrainerUser>& user;  // as whom the state is opened
  // Called with the bytes that have just gone; waits as long as it shall be. False: stop.
  std::function<bool(int64_t bytes)> pace;
};

// Sends the state and its manifest. Where the controller's artifact folder is seen here, the state
// is put there: as another name of the same file where both lie on one filesystem, else as a copy.
// Else piece by piece, from where an earlier try ended. OK: the controller holds it. NOT_FOUND: it
// is not here any more.
absl::Status Upload(const UploadContext& context, const std::string& run_id,
                    const LocalCheckpoint& checkpoint);

// Whether the controller's artifact folder is the one at that path here.
bool SeesArtifacts(const ArtifactPlace& place);

}  // namespace fp4::worker
