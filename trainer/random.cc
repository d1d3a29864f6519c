#include "trainer/random.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/sha256.h"
#include "numerics/arithmetic/philox.h"
#include "trainer/torch.h"

namespace fp4::trainer {
namespace {

// Two independent standard normals from two words.
void BoxMuller(uint32_t first, uint32_t second, double normals[2]) {
  double radius = std::sqrt(-2.0 * std::log((first + 0.5) * 0x1p-32));
  double angle = 2.0 * std::numbers::pi * (second * 0x1p-32);
  normals[0] = radius * std::cos(angle);
  normals[1] = radius * std::sin(angle);
}

// `values`[4 g + i] = make(the four words of group g)[i], for as many as there are.
template <class Make>
void FillByGroups(std::span<float> values, uint64_t key, uint64_t counter, const Make& make) {
  const auto size = static_cast<int64_t>(values.size());
  at::parallel_for(0, (size + 3) / 4, 1024, [&](int64_t begin, int64_t end) {
    for (int64_t group = begin; group < end; ++group) {
      const std::array<float, 4> made =
          make(numerics::Philox(key, static_cast<uint64_t>(group), counter));
      const int64_t first = 4 * group;
      std::copy_n(made.begin(), std::min<int64_t>(4, size - first), values.begin() + first);
    }
  });
}

}  // namespace

uint64_t RandomKey(uint64_t seed, std::string_view purpose, std::string_view name) {
  std::string text(purpose);
  text.append("\n").append(std::to_string(seed)).append("\n").append(name);
  return std::stoull(Sha256Hex(text).substr(0, 16), nullptr, 16);
}

void FillNormal(std::span<float> values, uint64_t key, double standard_deviation) {
  FillByGroups(values, key, 0, [&](const numerics::PhiloxWords& random) {
    double normals[4];
    BoxMuller(random.words[0], random.words[1], normals);
    BoxMuller(random.words[2], random.words[3], normals + 2);
    std::array<float, 4> made;
    for (int i = 0; i < 4; ++i) made[i] = static_cast<float>(normals[i] * standard_deviation);
    return made;
  });
}

void FillUniform(std::span<float> values, uint64_t key, uint64_t counter) {
  FillByGroups(values, key, counter, [](const numerics::PhiloxWords& random) {
    std::array<float, 4> made;
    for (int i = 0; i < 4; ++i)
      made[i] = static_cast<float>((random.words[i] + 0.5) * 0x1p-31 - 1.0);
    return made;
  });
}

}  // namespace fp4::trainer
