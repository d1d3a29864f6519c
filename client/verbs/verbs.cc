#include "client/verbs/verbs.h"

namespace fp4::client {

void AddVerbs(Program& program) {
  AddUp(program);
  AddDown(program);
  AddStatus(program);
  AddSubmit(program);
  AddWatch(program);
  AddList(program);
  AddDescribe(program);
  AddMetrics(program);
  AddCompare(program);
  AddLogs(program);
  AddCancel(program);
  AddRetry(program);
  AddDelete(program);
  AddValidate(program);
  AddSchema(program);
  AddExplain(program);
  AddVersion(program);
  AddCompletion(program);
}

}  // namespace fp4::client
