// A terminal's whole screen, taken for as long as the object lives.
#pragma once

#include <termios.h>

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/terminal.h"

namespace fp4::client {

enum class Key { kNone, kQuit, kUp, kDown, kPageUp, kPageDown, kHome, kEnd };

// Shows pictures on the alternate screen, without cursor, echo and line input; the end of the
// object, however it comes, gives the terminal back as it was. Ctrl-C stays a signal; Ctrl-Z is
// off, which would leave a shell on such a terminal. Not thread-safe.
class FullScreen {
 public:
  // `in` and `out_fd` are the terminal; `out` writes to it. FAILED_PRECONDITION when `in` is none.
  static absl::StatusOr<std::unique_ptr<FullScreen>> Take(int in, int out_fd, std::ostream& out);
  ~FullScreen();
  FullScreen(const FullScreen&) = delete;
  FullScreen& operator=(const FullScreen&) = delete;

  // As it is now: people resize.
  Terminal Size() const;

  // Over the picture before.
  void Draw(const std::vector<std::string>& lines);

  // The next key that was pressed, if it is one that is known; never waits.
  Key ReadKey();

  // False once the terminal is gone.
  bool open() const { return open_; }

 private:
  FullScreen(int in, int out_fd, std::ostream& out, const termios& before);

  const int in_, out_fd_;
  std::ostream& out_;
  const termios before_;
  std::string typed_;  // read and not yet understood
  bool open_ = true;
};

// Takes the first key off `typed`; what is no key of ours is passed over. kNone: nothing is left.
// An escape sequence that is not complete stays.
Key TakeKey(std::string& typed);

}  // namespace fp4::client
