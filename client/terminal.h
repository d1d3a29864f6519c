#pragma once

namespace fp4::client {

// What the output can show.
struct Terminal {
  bool interactive = false;  // a person looks at it: lines may be drawn again
  bool color = false;
  bool unicode = false;  // else ASCII only
  int width = 0;         // columns; 0: no limit (a pipe or a file)
  int height = 0;        // lines; 0: no limit
};

// Asks the system about a file descriptor. NO_COLOR and TERM=dumb switch colours off; the locale's
// variables say whether the terminal reads UTF-8.
Terminal DetectTerminal(int fd);

}  // namespace fp4::client
