// TensorBoard's event files: records of a TFRecord file, each a tensorflow.Event message
// (tensorflow/core/util/event.proto), of which scalars need few fields. TensorBoard stores scalars
// in 32 bits: a value is rounded to the nearest float, beyond their range it becomes an infinity.
#pragma once

#include <string>

#include "client/export/record.h"

namespace fp4::client {

// "events.out.tfevents.1767323045.k7x2m9qd": TensorBoard takes each file whose name has "tfevents"
// in it. The same for the same run, so that a second export replaces the first.
std::string EventFileName(const RunRecord& record);

// An event for each step, with all values that the run has there and the time at which they were
// reported; in front the event that tells the file's version.
std::string EventFile(const RunRecord& record);

// The nearest float; beyond the range of floats an infinity, as IEEE 754 rounds.
float NearestFloat(double value);

}  // namespace fp4::client
