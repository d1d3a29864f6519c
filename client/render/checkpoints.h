#pragma once

#include <string>

#include "client/render/table.h"
#include "fp4/v1/checkpoints.pb.h"

namespace fp4::client {

std::string RenderCheckpoints(const v1::ListCheckpointsResponse& all, const Layout& layout);

}  // namespace fp4::client
