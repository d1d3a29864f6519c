// What operators ask for, as JSON; by the rules of messages.h.
#pragma once

#include <string>
#include <vector>

#include "fp4/v1/admin.pb.h"
#include "fp4/v1/checkpoints.pb.h"

namespace fp4::wire {

// [{"step", "attempt", "bytes", "sha256", "where", "kept_as", "worker", "path", "stored_time"}]
std::string CheckpointsJson(const v1::ListCheckpointsResponse& all);
// {"folder", "database_bytes", "checkpoint_bytes", "num_checkpoints"}
std::string BackupJson(const v1::BackupResponse& backup);
// [{"check", "subject", "ok", "message"}]
std::string DiagnosesJson(const std::vector<v1::Diagnosis>& all);

}  // namespace fp4::wire
