// Where the trainer's random numbers come from. Each use has a stream of its own, so that none
// moves another: two variants of one seed agree in every tensor of equal name and shape, and drop
// the same elements.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace fp4::trainer {

// The Philox key of one use: `purpose` ("initial values", "dropout", "rounding") and what of
// ("blocks.0.mlp.up.weight").
uint64_t RandomKey(uint64_t seed, std::string_view purpose, std::string_view name);

// N(0, standard_deviation) by Box and Muller's transform: element i comes from Philox(key, i / 4,
// 0), whatever the size. Parallel over at::parallel_for's threads.
void FillNormal(std::span<float> values, uint64_t key, double standard_deviation);

// Uniform in (-1, 1): element i comes from word i % 4 of Philox(key, i / 4, counter). Parallel as
// above.
void FillUniform(std::span<float> values, uint64_t key, uint64_t counter);

}  // namespace fp4::trainer
