// How a trainer's process ended between C++ (base/exit_cause.h) and the wire.
#pragma once

#include <optional>

#include "base/exit_cause.h"
#include "fp4/v1/workers.pb.h"

namespace fp4::wire {

v1::ReportExitRequest::Cause ToProto(ExitCause cause);

// Nothing for a cause that this program does not know: that of a newer peer, or none at all.
std::optional<ExitCause> FromProto(v1::ReportExitRequest::Cause cause);

}  // namespace fp4::wire
