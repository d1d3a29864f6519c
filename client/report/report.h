// `fp4ctl report`: an experiment as one file.
#pragma once

#include <string>

#include "client/report/content.h"
#include "client/report/data.h"

namespace fp4::client::report {

Report MakeReport(const Data& data);

}  // namespace fp4::client::report
