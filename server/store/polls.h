// Workers that wait for something to do.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/store/ledger.h"
#include "server/store/requests.h"

namespace fp4::store {

// Used by the writer's thread only.
class Polls {
 public:
  struct Answer {
    std::string worker_id;
    AcquiredWork work;
  };

  // The worker waits; an earlier call of its is answered with nothing. Its runs that are to stop
  // and that it does not hold end here. The worker has been checked. Calling it again
  // with the same request and `done` after a rollback is harmless: `call` tells the calls apart.
  void Add(Ledger& ledger, const AcquireWork& request, int64_t call,
           const Done<AcquiredWork>& done);

  // No longer waits; answered with nothing. An incarnation that is not the waiting one's is
  // ignored; an empty one means any.
  void Cancel(Ledger& ledger, const std::string& worker_id, const std::string& incarnation);

  // What there is to say to those who wait, including nothing to those whose time has passed. Marks
  // the stops as told; the waiting ends only with Deliver.
  std::vector<Answer> Collect(Ledger& ledger);
  // After the commit.
  void Deliver(Ledger& ledger, std::vector<Answer> answers);

  // Everybody is answered with `error`.
  void CloseAll(const absl::Status& error);

 private:
  struct Poll {
    AcquireWork request;
    absl::Duration deadline;  // on the boot clock
    int64_t call = 0;
    Done<AcquiredWork> done;
  };

  void Remove(Ledger& ledger, const std::string& worker_id, absl::StatusOr<AcquiredWork> reply);

  std::map<std::string, Poll> polls_;  // by worker id
};

}  // namespace fp4::store
