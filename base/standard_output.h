// Standard output of a program that loses no byte in silence: what does not arrive (a full disk, a
// closed descriptor) is said on standard error and in the exit status.
#pragma once

#include <memory>
#include <string>

namespace fp4 {

// One for a program, the first thing in its main: as long as it lives, std::cout writes through it.
// Standard descriptors that the parent has closed are occupied, so that no file or connection gets
// their numbers and with them what is meant for people. Not thread-safe.
class StandardOutput {
 public:
  // `program` begins the message about an error.
  explicit StandardOutput(std::string program);
  ~StandardOutput();
  StandardOutput(const StandardOutput&) = delete;
  StandardOutput& operator=(const StandardOutput&) = delete;

  // Writes out what waits; for main: `return output.Finish(status)`. Gives `status` back, but 1 for
  // 0 when something was lost, after "PROGRAM: write error: WHY" on standard error. A reader that
  // has gone away (`| head`, with SIGPIPE ignored) is no news: the message is left out.
  int Finish(int status);

 private:
  class Buffer;
  const std::string program_;
  const std::unique_ptr<Buffer> buffer_;
};

}  // namespace fp4
