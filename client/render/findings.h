#pragma once

#include <string>
#include <vector>

#include "client/render/table.h"
#include "fp4/v1/types.pb.h"

namespace fp4::client {

// Health events of one subject (a variant or a run), those of one code together:
// "⚠ fp4-frozen: frozen_layer (error) in blocks.{0..3}.mlp.{up,down}: gets no gradient and has not
// changed". `layers` repeat when several runs found the same; each is named once. A line for each
// code, with a newline.
std::string RenderFindings(const std::string& subject, const std::vector<v1::Health>& health,
                           const Layout& layout);

// One such text without mark, colour and newline; `health` is not empty and of one code.
std::string DescribeFinding(const std::vector<v1::Health>& health);

}  // namespace fp4::client
