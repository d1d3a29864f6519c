#include "wire/json/operations.h"

#include "wire/checkpoint_names.h"
#include "wire/json/values.h"

namespace fp4::wire {

std::string CheckpointsJson(const v1::ListCheckpointsResponse& all) {
  return Dump(Array(all.checkpoints(), [](const v1::CheckpointRecord& one) {
    return Json{{"step", one.step()},
                {"attempt", one.attempt()},
                {"bytes", one.bytes()},
                {"sha256", one.sha256()},
                {"where", WhereIs(one)},
                {"kept_as", KeptAs(one)},
                {"worker", one.worker().empty() ? Json() : Json(one.worker())},
                {"path", one.path().empty() ? Json() : Json(one.path())},
                {"stored_time", OptionalTime(one.has_stored_time(), one.stored_time())}};
  }));
}

std::string BackupJson(const v1::BackupResponse& backup) {
  return Dump({{"folder", backup.folder()},
               {"database_bytes", backup.database_bytes()},
               {"checkpoint_bytes", backup.checkpoint_bytes()},
               {"num_checkpoints", backup.num_checkpoints()}});
}

std::string DiagnosesJson(const std::vector<v1::Diagnosis>& all) {
  return Dump(Array(all, [](const v1::Diagnosis& one) {
    return Json{{"check", one.check()},
                {"subject", one.subject()},
                {"ok", one.ok()},
                {"message", one.message()}};
  }));
}

}  // namespace fp4::wire
