#pragma once

#include <string>

#include "fp4/v1/checkpoints.pb.h"

namespace fp4::wire {

// "controller" where that one holds it, else the name of the worker on whose disk it lies.
std::string WhereIs(const v1::CheckpointRecord& checkpoint);

// Why it is kept: "last", "best", "last,best"; empty: it is neither, and will go.
std::string KeptAs(const v1::CheckpointRecord& checkpoint);

}  // namespace fp4::wire
