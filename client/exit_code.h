#pragma once

namespace fp4::client {

// What a script learns from fp4ctl. Documented in docs/fp4ctl.md and in `fp4ctl --help`.
enum class ExitCode {
  kOk = 0,
  kFailed = 1,        // refused, or a watched run did not complete
  kUsage = 2,         // a bad document or a bad command line
  kUnreachable = 3,   // no controller, or it did not answer
  kNotFound = 4,      // no such experiment, run or field
  kInterrupted = 130  // Ctrl-C while watching; the runs go on
};

}  // namespace fp4::client
