// What contradicts each other in "training" and "optimizer".
#pragma once

#include "spec/field_checks.h"

namespace fp4::spec {

void CheckTraining(FieldChecks& checks);
void CheckOptimizer(FieldChecks& checks);

}  // namespace fp4::spec
