#include <iostream>

#include "base/standard_output.h"
#include "numerics/tool/run.h"

int main(int argc, char** argv) {
  fp4::StandardOutput output("fp4-quantize");
  return output.Finish(fp4::numerics::tool::RunTool(argc, argv, std::cout, std::cerr));
}
