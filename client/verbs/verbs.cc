#include "client/verbs/verbs.h"

namespace fp4::client {

std::vector<Verb> AllVerbs() {
#define FP4_MAKE_VERB(name) name##Verb(),
  return {FP4_VERBS(FP4_MAKE_VERB)};
#undef FP4_MAKE_VERB
}

}  // namespace fp4::client
