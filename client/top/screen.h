#pragma once

#include <string>
#include <vector>

#include "client/render/table.h"
#include "client/top/snapshot.h"

namespace fp4::client {

struct TopView {
  int height = 0;           // lines; 0: no limit
  int scroll = 0;           // runs above the picture; more than there are: the last ones are shown
  std::string notice = {};  // what is wrong now; empty: nothing
  bool keys = false;        // a last line names the keys
};

// The picture of `top`: a line of sums, the workers' slots, the runs, what the health checks found,
// the newest failures. No line is wider than the layout, and there are at most `height` of them:
// runs that do not fit are counted. Pure.
std::vector<std::string> RenderTop(const TopSnapshot& snapshot, const Paces& paces,
                                   const TopView& view, const Layout& layout);

}  // namespace fp4::client
