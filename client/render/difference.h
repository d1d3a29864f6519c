#pragma once

#include <string>
#include <vector>

#include "client/diff/difference.h"
#include "client/render/table.h"

namespace fp4::client {

// One pair of `fp4ctl diff`: fields side by side, or one under the other ("-", "+") where they are
// too wide for that; layers that differ in the same way together.
std::string RenderDifference(const DiffPair& pair, const Difference& difference,
                             const Layout& layout);

// {"a", "b", "document": [{"path", "a", "b"}], "layers": [{"layer", "path", "a", "b"}], "started":
// [{"path", "a", "b"}], "weight_bytes": {"a", "b"}} for each pair, and variants without a partner:
// {"variants": […], "only_a", "only_b"}. A value that is not there is null.
std::string DifferencesJson(const DiffPairs& pairs, const std::vector<Difference>& differences);

}  // namespace fp4::client
