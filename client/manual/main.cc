// Prints the manual page of fp4ctl: run by the build.
#include <iostream>

#include "client/command_line.h"
#include "client/context.h"
#include "client/manual/page.h"
#include "client/verbs/verbs.h"

int main() {
  fp4::client::Context context{.out = std::cout,
                               .err = std::cerr,
                               .in = std::cin,
                               .terminal = {},
                               .controller = {},
                               .state_folder = {},
                               .binary_folder = {}};
  std::cout << fp4::client::ManualPage(fp4::client::AllVerbs(),
                                       fp4::client::SharedOptions(context));
  std::cout.flush();
  return std::cout ? 0 : 1;
}
