// The verbs of fp4ctl, one file each: its options, its help text, what it does.
#pragma once

#include <vector>

#include "client/verb.h"

// The one list, in the order of the help page. A new verb is a row here and a file that defines
// its function.
#define FP4_VERBS(VERB) \
  VERB(Up)              \
  VERB(Down)            \
  VERB(Status)          \
  VERB(Submit)          \
  VERB(Watch)           \
  VERB(Top)             \
  VERB(Wait)            \
  VERB(Queue)           \
  VERB(List)            \
  VERB(Describe)        \
  VERB(Metrics)         \
  VERB(Sensitivity)     \
  VERB(Advise)          \
  VERB(Compare)         \
  VERB(Diff)            \
  VERB(Plot)            \
  VERB(Report)          \
  VERB(Export)          \
  VERB(Logs)            \
  VERB(Events)          \
  VERB(Cancel)          \
  VERB(Retry)           \
  VERB(Checkpoints)     \
  VERB(Clone)           \
  VERB(Delete)          \
  VERB(Workers)         \
  VERB(Forget)          \
  VERB(Token)           \
  VERB(Admin)           \
  VERB(Doctor)          \
  VERB(Validate)        \
  VERB(Schema)          \
  VERB(Explain)         \
  VERB(Version)         \
  VERB(Completion)

namespace fp4::client {

#define FP4_DECLARE_VERB(name) Verb name##Verb();
FP4_VERBS(FP4_DECLARE_VERB)
#undef FP4_DECLARE_VERB

// All of them. Each call gives verbs with options of their own.
std::vector<Verb> AllVerbs();

}  // namespace fp4::client
