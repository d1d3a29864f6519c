#include "server/core/found_runs.h"

#include "gtest/gtest.h"

namespace fp4::core {
namespace {

using enum FoundAction;

struct Row {
  const char* what;
  std::optional<KnownRun> known;
  FoundAction action;
  int64_t next_seq;
  bool waits;
};

// Found: attempt 2, log up to seq 10, not alive.
const FoundRun kFound{.run_id = "r", .attempt = 2, .last_seq = 10};

const Row kRows[] = {
    {"unknown", std::nullopt, kDiscard, 0, false},
    {"its own lease", KnownRun{RunState::kRunning, 2, "w", 7}, kKeep, 8, false},
    {"its own lease, to be stopped", KnownRun{RunState::kCancelling, 2, "w", 7}, kKeep, 8, false},
    {"another's lease of a later attempt", KnownRun{RunState::kRunning, 3, "v", 20}, kDeliver, 21,
     false},
    {"its own lease of a later attempt", KnownRun{RunState::kAssigned, 3, "w", 7}, kDeliver, 11,
     false},
    {"queued again, events missing", KnownRun{RunState::kQueued, 2, "", 7}, kDeliver, 8, true},
    {"queued again, all stored", KnownRun{RunState::kQueued, 2, "", 10}, kDeliver, 11, false},
    {"failed, events missing", KnownRun{RunState::kFailed, 2, "", 7}, kDeliver, 8, false},
    {"completed", KnownRun{RunState::kCompleted, 2, "", 10}, kDeliver, 11, false},
};

TEST(JudgeFoundTest, EveryCase) {
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.what);
    EXPECT_EQ(JudgeFound(kFound, row.known, "w"), row.action);
    if (!row.known) continue;
    EXPECT_EQ(NextSeqFor(kFound, *row.known), row.next_seq);
    EXPECT_EQ(AwaitsDelivery(kFound, *row.known), row.waits);
  }
}

TEST(AwaitsDeliveryTest, ALiveTrainerMayStillWrite) {
  FoundRun alive = kFound;
  alive.alive = true;
  EXPECT_TRUE(AwaitsDelivery(alive, {RunState::kQueued, 2, "", 10}));
}

}  // namespace
}  // namespace fp4::core
