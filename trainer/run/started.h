#pragma once

#include <cstdint>
#include <string>

#include "spec/events.h"
#include "spec/run_spec.h"

namespace fp4::trainer {

// What the first event of an attempt tells about it.
struct StartedFacts {
  std::string torch_version, device, device_name, instruction_set, compute_dtype, data_sha256;
  int64_t threads = 0, num_parameters = 0, tokens_per_step = 0, resumed_from_step = 0;
  int64_t processes = 1;  // that train the run together; told where there are more
};

// `document`: the run's own, resolved.
spec::StartedEvent MakeStartedEvent(const StartedFacts& facts, const spec::RunSpec& run,
                                    const std::string& document);

}  // namespace fp4::trainer
