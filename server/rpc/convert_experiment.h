// Experiments and runs, from the store to the wire. Part of the conversion layer.
#pragma once

#include "fp4/v1/experiments.pb.h"
#include "server/store/records.h"
#include "server/store/requests.h"

namespace fp4::rpc {

v1::Run ToProto(const store::RunRecord& run);
v1::Run ToProto(const store::RunDetails& details);
v1::Experiment ToProto(const store::ExperimentRecord& experiment);
// What an experiment would be: no ids, no times.
v1::Experiment PreviewToProto(const store::NewExperiment& experiment);

v1::QueryMetricsResponse ToProto(const store::MetricsPage& page);

}  // namespace fp4::rpc
