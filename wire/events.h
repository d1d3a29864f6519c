// Events of a run between C++ (spec/events.h) and the wire (fp4/v1/types.proto).
#pragma once

#include "spec/events.h"

namespace fp4::v1 {
class Checkpoint;
class Event;
class Health;
}  // namespace fp4::v1

namespace fp4::wire {

// Everything that a trainer's event has; run_id and cursor are the caller's to set.
void ToProto(const spec::Event& event, v1::Event& message);
void KindToProto(const spec::EventKind& kind, v1::Event& message);
v1::Checkpoint ToProto(const spec::CheckpointEvent& event);
v1::Health ToProto(const spec::HealthEvent& event);

// The trainer's part of an event. A kind that this program does not know (of a newer peer), and a
// state change, which is no trainer's, become an UnknownEvent without a type: whoever reads it
// passes it over. No errors; what a number may be is the caller's to check.
spec::Event FromProto(const v1::Event& message);

}  // namespace fp4::wire
