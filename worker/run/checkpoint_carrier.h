// How checkpoints get from this host to the controller, and from there to this host. The transfers
// run on threads of their own.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "worker/types.h"

namespace fp4::worker {

// A transfer to this host that goes on until it is destroyed, which ends it.
class Fetch {
 public:
  virtual ~Fetch() = default;
  // Nothing while it goes on. OK: the folder is there. NOT_FOUND, DATA_LOSS: it cannot be had. The
  // reason disk_full: here is no room. Others may go away: what has arrived is kept for the next
  // try.
  virtual std::optional<absl::Status> Result() = 0;
};

struct FetchRequest {
  std::string run_id;
  CheckpointRef checkpoint;
  std::filesystem::path folder;  // what it shall be here
  std::filesystem::path part;    // for what has arrived so far; in the run's directory
};

// Calls return at once. Thread-safe.
class CheckpointCarrier {
 public:
  virtual ~CheckpointCarrier() = default;

  // What the controller has answered to Register.
  virtual void OnRegistered(const Caller& caller, const ArtifactPlace& place) = 0;
  // The run's checkpoints here have changed: a new one's event is stored, its trainer has ended, or
  // its directory is gone. The controller is told, and gets what it wants.
  virtual void Notice(const std::string& run_id) = 0;
  // Something of the run may still be on its way to the controller.
  virtual bool IsShipping(const std::string& run_id) = 0;
  virtual std::unique_ptr<Fetch> BeginFetch(FetchRequest request) = 0;
};

}  // namespace fp4::worker
