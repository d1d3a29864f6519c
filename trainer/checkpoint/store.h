// The checkpoints of a run: checkpoints/step-00000100.attempt-1/{state.safetensors, manifest.json}.
// A folder of that name is complete: it is written under another name, synced, and renamed.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/file_identity.h"
#include "base/stop_check.h"
#include "safetensors/safetensors.h"
#include "spec/run_spec.h"
#include "trainer/checkpoint/acknowledged.h"
#include "trainer/checkpoint/manifest.h"

namespace fp4::trainer {

struct Checkpoint {
  std::filesystem::path folder;  // absolute
  Manifest manifest;
  FileIdentity state_identity = {};  // of the state when its sha256 was checked; see Newest
  std::filesystem::path state_file() const { return folder / "state.safetensors"; }
};

struct Retention {
  int64_t keep_last = 1;
  int64_t keep_best = 0;         // by Manifest::metric_value: the smallest,
  bool largest_is_best = false;  // or the largest
  int64_t also_step = -1;        // the newest one of this step; -1: none
};

// The last step up to `step` of which the document asks for a checkpoint, 0 included. A stop's own
// is none.
int64_t RegularCheckpoint(const spec::CheckpointSpec& spec, int64_t step);

// NOT_FOUND when `folder` holds no checkpoint's manifest; whether that fits is not looked at.
absl::Status CheckIsCheckpoint(const std::filesystem::path& folder);

// The checkpoint in `folder`, whose state has the bytes that its manifest says. NOT_FOUND: there is
// none; INVALID_ARGUMENT: its manifest cannot be read; DATA_LOSS: its state is damaged; CANCELLED:
// `stop` asked for it.
absl::StatusOr<Checkpoint> OpenCheckpoint(const std::filesystem::path& folder,
                                          const StopCheck& stop = NeverStop);

// Which of `checkpoints` (any order) may go: all but the newest keep_last, the best keep_best,
// always the newest, the one of also_step, and the one that the controller has stored last:
// `acknowledged`, or, where that is not there any more, the newest up to its step. A later
// attempt's are newer than an earlier one's, whatever their steps: those that an attempt begun at
// an earlier step has left behind shall not push out what it writes.
std::vector<Checkpoint> Superfluous(std::vector<Checkpoint> checkpoints, const Retention& retention,
                                    const std::optional<Acknowledged>& acknowledged = {});

// Not thread-safe. Errors of the disk are UNAVAILABLE with reason disk_full or machine_fault, and
// name the file.
class CheckpointStore {
 public:
  // `run_dir`/checkpoints is made when it is needed. What an earlier process left half written
  // there is removed.
  explicit CheckpointStore(const std::filesystem::path& run_dir);

  // Complete checkpoints, newest first (by step, then attempt); `warnings` takes a sentence for
  // each that cannot be read.
  std::vector<Checkpoint> List(std::vector<std::string>& warnings) const;

  // The newest one whose state has the bytes that its manifest says, first of all the one in
  // `preferred` (empty: none is). Nothing when there is none; `warnings` takes a sentence for each
  // that is passed over. NOT_FOUND: `preferred` is no folder with a manifest. CANCELLED: `stop`
  // asked for it; reading a large state takes seconds.
  absl::StatusOr<std::optional<Checkpoint>> Newest(const std::filesystem::path& preferred,
                                                   std::vector<std::string>& warnings,
                                                   const StopCheck& stop = NeverStop) const;

  // The newest one of exactly this step and document whose state has the bytes that its manifest
  // says; nothing when there is none. `warnings` as above.
  absl::StatusOr<std::optional<Checkpoint>> AtStep(int64_t step, const std::string& document_sha256,
                                                   std::vector<std::string>& warnings) const;

  // Writes one; fills the manifest's state_bytes and state_sha256. `before_rename` runs when all is
  // on the disk but the folder does not have its name yet: what the checkpoint implies is made
  // durable there. After an error nothing half written is left on the disk.
  absl::StatusOr<Checkpoint> Save(Manifest manifest,
                                  const std::vector<safetensors::TensorView>& tensors,
                                  const std::map<std::string, std::string>& metadata,
                                  const std::function<absl::Status()>& before_rename);

  // Removes what `retention` and acknowledged.json do not keep; nothing while that cannot be read.
  absl::Status Prune(const Retention& retention);

 private:
  const std::filesystem::path folder_;
};

}  // namespace fp4::trainer
