#pragma once

#include "client/context.h"
#include "client/render/table.h"

namespace fp4::client {

// How tables look on the context's output.
inline Layout LayoutOf(const Context& context) {
  return {.width = context.terminal.width,
          .color = context.terminal.color,
          .unicode = context.terminal.unicode};
}

}  // namespace fp4::client
