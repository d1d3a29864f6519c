// What the controller reads from a run's `started` event.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fp4::core {

// Where and how a run was computed; empty or absent where the event does not say.
struct StartedFacts {
  std::string compute_dtype, instruction_set, device, threads;
  // Bits per value of all layers' weights together as fprop sees them, each layer weighted by its
  // size, and the bytes of them all. A matrix that two layers share counts once.
  std::optional<double> bits_per_value, weight_bytes;
  std::optional<int64_t> resumed_from_step = std::nullopt;  // 0: from the beginning
  std::string data_sha256 = {};
  std::optional<double> tokens_per_step = std::nullopt;
};

// `json` is StartedEvent::json. Never fails: what is missing or of another type is left out.
StartedFacts ReadStartedFacts(std::string_view json);

}  // namespace fp4::core
