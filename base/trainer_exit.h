// How an attempt of fp4-train ends: the exit status of its process, and the word that its last
// event, `finished`, carries as status. The one table of both, for the trainer that ends so and for
// everybody who judges it (worker, controller, client, docs/trainer.md).
#pragma once

#include <string_view>

namespace fp4 {

// Exit statuses. They are part of the product's interface: numbers do not change their meaning.
inline constexpr int kExitCompleted = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitBadDocument = 2;
inline constexpr int kExitStopped = 3;

// The words of `finished`.
namespace outcome {
inline constexpr std::string_view kCompleted = "completed";
inline constexpr std::string_view kFailed = "failed";
inline constexpr std::string_view kStopped = "stopped";
}  // namespace outcome

struct TrainerEnding {
  int exit_status;
  std::string_view outcome;
  std::string_view meaning;  // one sentence for people, without a full stop
};

inline constexpr TrainerEnding kTrainerEndings[] = {
    {kExitCompleted, outcome::kCompleted, "all steps are done, now or by an earlier attempt"},
    {kExitFailed, outcome::kFailed, "the training failed, or the machine did"},
    {kExitBadDocument, outcome::kFailed,
     "the document, a file that it names, or the command line cannot be used; another try would "
     "not help"},
    {kExitStopped, outcome::kStopped,
     "stopped by SIGTERM, SIGINT or SIGHUP, after a checkpoint; another start goes on"},
};

// Whether `word` is one that a `finished` event may carry.
constexpr bool IsOutcome(std::string_view word) {
  for (const TrainerEnding& ending : kTrainerEndings) {
    if (ending.outcome == word) return true;
  }
  return false;
}

// The exit status that goes with `word` when nothing more is known; kExitFailed for any other text.
constexpr int ExitStatusOf(std::string_view word) {
  for (const TrainerEnding& ending : kTrainerEndings) {
    if (ending.outcome == word) return ending.exit_status;
  }
  return kExitFailed;
}

}  // namespace fp4
