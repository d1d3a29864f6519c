// Whether a worker that registers is the one whose id it gives. Pure.
//
// A worker is the random id in its work directory. A copied directory (a cloned machine, an image
// of a container) has the same id, and two live workers of one id would take each other's leases
// away for ever. So a second one is refused for as long as the first lives, while a restart, whose
// earlier process is dead, is taken at once.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fp4::core {

// What the controller knows of the id's present holder.
struct ClaimHolder {
  std::string incarnation;  // one process's life
  std::string place;        // where its directory is; empty: it has not said
  // Incarnations from which another one has taken over.
  std::vector<std::string> superseded;
  bool live = false;  // it waits for work, or was heard of a moment ago
};

struct Claimant {
  std::string incarnation, place;
};

enum class Claim : uint8_t {
  kSame,       // the holder itself, again
  kSuccessor,  // the holder's process is dead, or silent for long: its leases are the claimant's
  kDuplicate,  // the holder lives, and is another
};

// A directory is locked by its worker: an equal place proves that the holder's process is dead. Not
// so for an incarnation that has been taken over from and is back: that it lives proves that equal
// places prove nothing here. Workers of an earlier release tell no place: the later of two counts
// as the earlier one's restart, until that one is back.
Claim JudgeClaim(const ClaimHolder& holder, const Claimant& claimant);

}  // namespace fp4::core
