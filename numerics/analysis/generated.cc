#include "numerics/analysis/generated.h"

#include <cmath>
#include <numbers>

#include "numerics/arithmetic/random.h"

namespace fp4::numerics::analysis {
namespace {

constexpr double kStandardDeviation = 0.02;

constexpr InitScheme kSchemes[] = {
    InitScheme::kNormal,       InitScheme::kTruncatedNormal, InitScheme::kXavierUniform,
    InitScheme::kXavierNormal, InitScheme::kKaimingUniform,  InitScheme::kKaimingNormal,
    InitScheme::kStudentT,
};

// The streams begin where those of stochastic rounding and of Hadamard signs do not reach.
constexpr uint32_t kFirstStream = 0x67656E00;

// Four numbers in (0, 1) for an element; `attempt` gives others.
struct Uniforms {
  double values[4];
};

Uniforms Draw(uint64_t key, uint64_t attempt, int64_t element) {
  const PhiloxWords random = Philox(key, static_cast<uint64_t>(element), attempt);
  Uniforms uniforms;
  for (int i = 0; i < 4; ++i) uniforms.values[i] = (random.words[i] + 0.5) * 0x1p-32;
  return uniforms;
}

// A normal number by the method of Box and Muller.
double Normal(const Uniforms& u) {
  return std::sqrt(-2 * std::log(u.values[0])) * std::cos(2 * std::numbers::pi * u.values[1]);
}

double TruncatedNormal(uint64_t key, int64_t element) {
  for (uint64_t attempt = 0;; ++attempt) {
    const double value = Normal(Draw(key, attempt, element));
    if (std::fabs(value) <= 2) return value;
  }
}

// Student's t with 4 degrees of freedom is a normal number / √(χ²/4), and χ² with 4 degrees of
// freedom is the sum of two exponentials of mean 2.
double StudentT4(const Uniforms& u) {
  const double chi_squared = -2 * std::log(u.values[2]) - 2 * std::log(u.values[3]);
  return Normal(u) / std::sqrt(chi_squared / 4);
}

double DrawValue(InitScheme scheme, MatrixShape shape, uint64_t key, int64_t element) {
  const auto fan_in = static_cast<double>(shape.columns), fan_out = static_cast<double>(shape.rows);
  const Uniforms u = Draw(key, 0, element);
  const double symmetric = 2 * u.values[0] - 1;
  switch (scheme) {
    case InitScheme::kNormal:
      return kStandardDeviation * Normal(u);
    case InitScheme::kTruncatedNormal:
      return kStandardDeviation * TruncatedNormal(key, element);
    case InitScheme::kXavierUniform:
      return symmetric * std::sqrt(6 / (fan_in + fan_out));
    case InitScheme::kXavierNormal:
      return Normal(u) * std::sqrt(2 / (fan_in + fan_out));
    case InitScheme::kKaimingUniform:
      return symmetric * std::sqrt(6 / fan_in);
    case InitScheme::kKaimingNormal:
      return Normal(u) * std::sqrt(2 / fan_in);
    case InitScheme::kStudentT:
      return kStandardDeviation * StudentT4(u);
  }
  return 0;
}

}  // namespace

std::span<const InitScheme> AllInitSchemes() { return kSchemes; }

std::string_view InitSchemeName(InitScheme scheme) {
  switch (scheme) {
    case InitScheme::kNormal:
      return "Normal 0.02";
    case InitScheme::kTruncatedNormal:
      return "Truncated normal";
    case InitScheme::kXavierUniform:
      return "Xavier uniform";
    case InitScheme::kXavierNormal:
      return "Xavier normal";
    case InitScheme::kKaimingUniform:
      return "Kaiming uniform";
    case InitScheme::kKaimingNormal:
      return "Kaiming normal";
    case InitScheme::kStudentT:
      return "Student-t ν=4";
  }
  return "";
}

std::vector<float> GenerateWeight(InitScheme scheme, MatrixShape shape, uint64_t seed) {
  const uint64_t key = RandomKey(seed, kFirstStream + static_cast<uint32_t>(scheme));
  std::vector<float> values(static_cast<size_t>(shape.size()));
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(DrawValue(scheme, shape, key, static_cast<int64_t>(i)));
  return values;
}

}  // namespace fp4::numerics::analysis
