#include "client/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <string>

#include "absl/strings/ascii.h"
#include "base/environment.h"

namespace fp4::client {
namespace {

// POSIX: LC_ALL wins over LC_CTYPE, which wins over LANG.
bool LocaleIsUtf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    std::string value = absl::AsciiStrToLower(EnvironmentVariable(name));
    if (value.empty()) continue;
    return value.find("utf-8") != std::string::npos || value.find("utf8") != std::string::npos;
  }
  return false;
}

}  // namespace

Terminal DetectTerminal(int fd) {
  Terminal terminal;
  terminal.unicode = LocaleIsUtf8();
  if (isatty(fd) == 0) return terminal;
  const std::string type = EnvironmentVariable("TERM");
  terminal.interactive = type != "dumb" && !type.empty();
  terminal.color = terminal.interactive && EnvironmentVariable("NO_COLOR").empty();
  winsize size{};
  const bool known = ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  terminal.width = known ? size.ws_col : 80;
  terminal.height = known && size.ws_row > 0 ? size.ws_row : 24;
  return terminal;
}

}  // namespace fp4::client
