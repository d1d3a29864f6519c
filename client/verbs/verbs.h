// The commands of fp4ctl, one file each: its options, its help text, what it does.
#pragma once

#include "client/program.h"

namespace fp4::client {

void AddUp(Program& program);
void AddDown(Program& program);
void AddStatus(Program& program);
void AddSubmit(Program& program);
void AddWatch(Program& program);
void AddList(Program& program);
void AddDescribe(Program& program);
void AddMetrics(Program& program);
void AddCompare(Program& program);
void AddLogs(Program& program);
void AddCancel(Program& program);
void AddRetry(Program& program);
void AddDelete(Program& program);
void AddValidate(Program& program);
void AddSchema(Program& program);
void AddExplain(Program& program);
void AddVersion(Program& program);
void AddCompletion(Program& program);

// All of them, in the order of the help page.
void AddVerbs(Program& program);

// Groups of the help page.
inline constexpr char kLocalGroup[] = "On this machine";
inline constexpr char kExperimentGroup[] = "Experiments and runs";
inline constexpr char kDocumentGroup[] = "Documents";
inline constexpr char kOtherGroup[] = "Other";

}  // namespace fp4::client
