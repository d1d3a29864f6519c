// The controller's CheckpointService as the worker sees it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/checkpoints/local_checkpoints.h"
#include "worker/types.h"

namespace fp4::worker {

struct UploadPiece {
  std::string run_id;
  const LocalCheckpoint* checkpoint = nullptr;
  int64_t offset = 0;
  std::string_view data;    // empty: only asks how much has arrived
  std::string placed_file;  // the whole state lies in the artifact folder under this name
};
struct UploadProgress {
  int64_t next_offset = 0;
  bool stored = false;
};

// Calls wait for their answers. Errors carry their reason. Thread-safe.
class CheckpointClient {
 public:
  virtual ~CheckpointClient() = default;

  // Tells all that lies here of a run; the answer is what the controller wants, by (step, attempt).
  virtual absl::StatusOr<std::vector<CheckpointKey>> Offer(
      const Caller& caller, const std::string& run_id,
      const std::vector<LocalCheckpoint>& checkpoints) = 0;
  virtual absl::StatusOr<UploadProgress> Upload(const Caller& caller, const UploadPiece& piece) = 0;
  // Calls `head` with the manifest first, and then `piece` with each piece of the state, which has
  // its checksum, in order from `offset` on. Their errors end it.
  virtual absl::Status Download(const std::string& run_id, const CheckpointKey& key, int64_t offset,
                                const std::function<absl::Status(const std::string&)>& head,
                                const std::function<absl::Status(std::string_view)>& piece) = 0;
  // Ends the calls in flight with CANCELLED, and those that come.
  virtual void CancelAll() = 0;
};

}  // namespace fp4::worker
