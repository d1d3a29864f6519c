// What a script learns from fp4ctl: one table, from which `fp4ctl --help` is made and against which
// docs/fp4ctl.md is tested.
#pragma once

#include <string_view>

namespace fp4::client {

enum class ExitCode {
  kOk = 0,
  kFailed = 1,
  kUsage = 2,
  kUnreachable = 3,
  kNotFound = 4,
  kInterrupted = 130  // 128 + SIGINT, as shells count
};

struct ExitMeaning {
  ExitCode code;
  std::string_view meaning;  // without a full stop
};

inline constexpr ExitMeaning kExitMeanings[] = {
    {ExitCode::kOk, "ok; for `watch`, `wait` and `submit --watch`: all runs completed"},
    {ExitCode::kFailed, "refused, or not done, or a watched run failed or was cancelled"},
    {ExitCode::kUsage, "a bad document or a bad command line"},
    {ExitCode::kUnreachable, "no controller answers"},
    {ExitCode::kNotFound, "no such experiment, run, variant, metric or field"},
    {ExitCode::kInterrupted, "interrupted with Ctrl-C while watching; the runs go on"},
};

}  // namespace fp4::client
