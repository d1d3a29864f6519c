#pragma once

#include <string>

#include "client/render/table.h"
#include "fp4/v1/experiments.pb.h"

namespace fp4::client {

// The table of `fp4ctl compare`: a row for each variant, then the findings, the failures and the
// warnings.
std::string RenderComparison(const v1::CompareResponse& comparison, const std::string& title,
                             const Layout& layout);

}  // namespace fp4::client
