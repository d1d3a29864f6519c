// The metrics that every Prometheus client library exports of its own process, under their
// customary names: process_resident_memory_bytes, process_virtual_memory_bytes,
// process_cpu_seconds_total, process_open_fds, process_max_fds, process_start_time_seconds. Read
// from /proc at each call; what cannot be read is left out.
#pragma once

#include <vector>

#include "prometheus/metric_family.h"

namespace fp4::telemetry {

std::vector<prometheus::MetricFamily> CollectProcessMetrics();

}  // namespace fp4::telemetry
