// The other processes of a run that several train together, as the first one has them: its
// children.
#pragma once

#include <sys/types.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/stop_check.h"
#include "trainer/parallel/group_folder.h"

namespace fp4::trainer {

// Starts them, watches over them, and ends those that are left when it goes. They share this
// process's group, so that whoever ends the group ends them too. Thread-safe but for construction.
class Peers {
 public:
  using Command = std::vector<std::string>;  // [0]: the program, absolute

  // `commands`[i] is process i + 1 of the group; it begins with the signals that ask for a stop
  // blocked. Called by the main thread, which does not block them. UNAVAILABLE: one cannot be
  // started.
  static absl::StatusOr<std::unique_ptr<Peers>> Start(const std::vector<Command>& commands,
                                                      const GroupFolder& folder);
  ~Peers();
  Peers(const Peers&) = delete;
  Peers& operator=(const Peers&) = delete;

  // Until all have said that they are ready. The error is that of the first that has ended;
  // CANCELLED: `stop` asked for it.
  absl::Status WaitUntilReady(const StopCheck& stop);

  // Calls `on_end` when one ends, from another thread; at once where one has. To be cleared with
  // nullptr before what it uses goes.
  void OnEnd(std::function<void()> on_end);

  // The connection to them broke, as `words` say: the error of the process that was first to end
  // for a reason of its own, which is waited for as long as `patience`. UNKNOWN: a signal ended it,
  // which none of these processes has sent; INTERNAL with `words`: all of them are still there.
  absl::Status WhyLost(std::string_view words, absl::Duration patience);

 private:
  struct Peer {
    pid_t pid = 0;
    std::optional<absl::Status> end = {};  // how it ended, by the exit status and its last words
    bool only_lost = false;
    std::thread watcher = {};
  };

  explicit Peers(const GroupFolder& folder) : folder_(folder) {}
  void Watch(size_t index);
  void NoteEnd(size_t index, bool by_signal, int status);
  std::string NameOf(size_t index) const;
  std::optional<absl::Status> OwnEnd() const;  // of one that ended for a reason of its own

  const GroupFolder folder_;
  std::mutex mutex_;
  std::condition_variable ended_;
  std::vector<Peer> peers_;
  std::vector<size_t> order_;  // of their ends
  std::function<void()> on_end_;
};

}  // namespace fp4::trainer
