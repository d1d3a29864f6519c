// Claims about several variants at once, so that together they are wrong with at most a given
// probability.
#pragma once

#include <optional>
#include <span>
#include <vector>

namespace fp4::core {

// What is tested of one variant; absent: not tested. The two null hypotheses, "there is no
// difference" and "it is worse by the margin or more", exclude one another.
struct VariantTests {
  std::optional<double> p_difference;
  std::optional<double> p_margin;
};

// The same p-values adjusted: a hypothesis is rejected at level alpha where its adjusted value is
// below alpha. In the order of `tests`. Holm (1979), stepping down over all p-values together; the
// divisor counts the variants of which something is still open, since no more hypotheses than these
// can be true (Shaffer, 1986, procedure S1). Without margins that is Holm's own procedure.
std::vector<VariantTests> AdjustForAll(std::span<const VariantTests> tests);

// Variants of which some hypothesis is not rejected at `alpha`; `adjusted` is AdjustForAll's.
int CountOpen(std::span<const VariantTests> adjusted, double alpha);

}  // namespace fp4::core
