// The agreement between worker and controller.
#pragma once

namespace fp4::wire {

// The version of the calls between them; the controller checks it at Register. New optional fields
// do not change it: a peer that does not know them works as before.
inline constexpr int kProtocolVersion = 1;

}  // namespace fp4::wire
