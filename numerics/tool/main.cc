#include <iostream>

#include "numerics/tool/run.h"

int main(int argc, char** argv) {
  return fp4::numerics::tool::RunTool(argc, argv, std::cout, std::cerr);
}
