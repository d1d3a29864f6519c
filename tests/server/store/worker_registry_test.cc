// Who a worker is: restarts, copies, upgrades, and those that are gone for good.
#include "base/reasons.h"
#include "gmock/gmock.h"
#include "server/store/connection.h"
#include "tests/server/store/store_fixture.h"

namespace fp4::store::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kId[] = "0123456789abcdef0123456789abcdef";
constexpr char kOtherId[] = "fedcba9876543210fedcba9876543210";

RegisterWorker Worker(const std::string& incarnation, const std::string& place,
                      const std::string& directory_id = kId) {
  return {.name = "host:1",
          .host = "host",
          .incarnation = incarnation,
          .version = "0.1.0",
          .slots = {CpuSlot(0)},
          .found_runs = {},
          .directory_id = directory_id,
          .place = place};
}

class WorkerRegistryTest : public StoreTest {
 protected:
  // The id that the worker gets; who it is becomes the caller of Acquire and Renew.
  absl::StatusOr<std::string> Enter(const RegisterWorker& request) {
    auto reply = Wait<RegisteredWorker>([&](auto done) { store_->Register(request, done); });
    if (!reply.ok()) return reply.status();
    worker_id_ = reply->worker_id;
    incarnation_ = request.incarnation;
    return worker_id_;
  }
  std::vector<WorkerRecord> Workers() {
    return *Wait<std::vector<WorkerRecord>>([&](auto done) { store_->ListWorkers(done); });
  }
  absl::StatusOr<WorkerRecord> Forget(const std::string& id) {
    return Wait<WorkerRecord>([&](auto done) { store_->ForgetWorker({id}, done); });
  }
  std::string ReasonOfForgetting(const std::string& id) {
    return ReasonOf(Forget(id).status()).value_or("");
  }
};

TEST_F(WorkerRegistryTest, ARestartKeepsTheWorkerAndItsRuns) {
  CreateRuns();
  const std::string id = *Enter(Worker("a", "boot:1:2"));
  const Held held = Acquire()->assignments.at(0).held;
  RegisterWorker again = Worker("b", "boot:1:2");
  again.name = "host:2";  // reached under another name
  again.found_runs = {{.run_id = held.run_id, .attempt = 1, .alive = true}};
  EXPECT_EQ(*Enter(again), id);
  EXPECT_EQ(Renew({held})->renewed, std::vector<Held>{held});
  EXPECT_THAT(Workers(), SizeIs(1));
  EXPECT_EQ(Workers()[0].name, "host:2");
}

TEST_F(WorkerRegistryTest, ACopyIsRefusedWhileTheOtherLivesAndTakenAfterwards) {
  CreateRuns();
  const std::string id = *Enter(Worker("a", "boot:1:2"));
  const Held held = Acquire()->assignments.at(0).held;
  for (const char* incarnation : {"b", "b", "c"}) {
    const absl::Status refused = Enter(Worker(incarnation, "other-boot:1:2")).status();
    EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
    EXPECT_EQ(ReasonOf(refused), reason::kDuplicateWorker);
    EXPECT_THAT(std::string(refused.message()), HasSubstr("host:1 on host host"));
    EXPECT_THAT(std::string(refused.message()), HasSubstr("worker-id"));
    EXPECT_EQ(Renew({held})->renewed, std::vector<Held>{held});
    Pass(absl::Seconds(8));
    EXPECT_TRUE(Renew({held}).ok());
  }
  Pass(absl::Seconds(12));
  EXPECT_EQ(*Enter(Worker("c", "other-boot:1:2")), id);
}

TEST_F(WorkerRegistryTest, OneThatWaitsForWorkLives) {
  Enter(Worker("a", "boot:1:2")).IgnoreError();
  std::promise<absl::Status> answer;
  store_->Acquire(
      {worker_id_, "a", {}, absl::Seconds(30)},
      [&](const absl::StatusOr<AcquiredWork>& work) { answer.set_value(work.status()); });
  Pass(absl::Seconds(20));
  EXPECT_EQ(ReasonOf(Enter(Worker("b", "other-boot:1:2")).status()), reason::kDuplicateWorker);
  // Its connection breaks: it is dead, or calls again at once.
  store_->CancelAcquire(worker_id_, "a");
  EXPECT_EQ(answer.get_future().get(), absl::OkStatus());
  EXPECT_TRUE(Enter(Worker("b", "other-boot:1:2")).ok());
}

TEST_F(WorkerRegistryTest, TheOneThatWasCutOffIsTheDuplicateWhenItIsBack) {
  Enter(Worker("a", "boot:1:2")).IgnoreError();
  Pass(absl::Seconds(12));
  ASSERT_TRUE(Enter(Worker("b", "other-boot:1:2")).ok());
  EXPECT_EQ(ReasonOf(Enter(Worker("a", "boot:1:2")).status()), reason::kDuplicateWorker);
  // Also where both say the same place, and over a restart of the controller.
  ASSERT_TRUE(Enter(Worker("c", "other-boot:1:2")).ok());
  Reopen();
  EXPECT_EQ(ReasonOf(Enter(Worker("b", "other-boot:1:2")).status()), reason::kDuplicateWorker);
}

TEST_F(WorkerRegistryTest, TwoIdsMayHaveOneName) {
  const std::string one = *Enter(Worker("a", "boot:1:2"));
  const std::string two = *Enter(Worker("b", "boot:1:3", kOtherId));
  EXPECT_NE(one, two);
  EXPECT_THAT(Workers(), SizeIs(2));
}

TEST_F(WorkerRegistryTest, AWorkerOfAnEarlierReleaseIsKnownByItsNameAlsoAfterItsUpgrade) {
  CreateRuns();
  const std::string id = *Enter(Worker("a", "", ""));
  const Held held = Acquire()->assignments.at(0).held;
  EXPECT_EQ(*Enter(Worker("b", "", "")), id);
  EXPECT_EQ(ReasonOf(Enter(Worker("a", "", "")).status()), reason::kDuplicateWorker);
  RegisterWorker upgraded = Worker("c", "boot:1:2");
  upgraded.found_runs = {{.run_id = held.run_id, .attempt = 1, .alive = true}};
  EXPECT_EQ(*Enter(upgraded), id);
  EXPECT_EQ(*Enter(Worker("d", "boot:1:2")), id);
}

TEST_F(WorkerRegistryTest, AnotherWorkerOfTheSameNameIsNoUpgrade) {
  const std::string old = *Enter(Worker("a", "", ""));
  EXPECT_NE(*Enter(Worker("b", "boot:1:2")), old);
}

TEST_F(WorkerRegistryTest, WhenItWasSeenIsTrueAfterARestart) {
  Enter(Worker("a", "boot:1:2")).IgnoreError();
  Pass(absl::Minutes(5));
  ASSERT_TRUE(Acquire().ok());
  const absl::Time seen = clock_.Now();
  Pass(absl::Minutes(30));
  Reopen();
  ASSERT_THAT(Workers(), SizeIs(1));
  EXPECT_FALSE(Workers()[0].connected);
  EXPECT_EQ(absl::ToUnixMillis(Workers()[0].last_seen), absl::ToUnixMillis(seen));
}

TEST_F(WorkerRegistryTest, WhenItWasSeenIsStoredWhileTheControllerLives) {
  Enter(Worker("a", "boot:1:2")).IgnoreError();
  Pass(absl::Minutes(5));
  ASSERT_TRUE(Acquire().ok());
  Sync();
  Connection other(folder_.path() / "fp4.db", Connection::Mode::kRead);
  Query query(other, "SELECT seen_ms FROM workers");
  ASSERT_TRUE(query.Next());
  EXPECT_EQ(query.Int(0), absl::ToUnixMillis(clock_.Now()));
}

TEST_F(WorkerRegistryTest, IsForgottenAfterADayWithoutALease) {
  Enter(Worker("a", "boot:1:2")).IgnoreError();
  clock_.Advance(absl::Hours(23));
  Sync();
  EXPECT_THAT(Workers(), SizeIs(1));
  clock_.Advance(absl::Hours(2));
  Sync();
  EXPECT_THAT(Workers(), IsEmpty());
  Reopen();
  EXPECT_THAT(Workers(), IsEmpty());
  EXPECT_TRUE(Enter(Worker("b", "boot:1:2")).ok());
  EXPECT_THAT(Workers(), SizeIs(1));
}

TEST_F(WorkerRegistryTest, IsForgottenOnRequestUnlessItIsInUse) {
  CreateRuns();
  const std::string id = *Enter(Worker("a", "boot:1:2"));
  const Held held = Acquire()->assignments.at(0).held;
  EXPECT_EQ(ReasonOfForgetting(id), reason::kWorkerInUse);  // connected
  Pass(absl::Seconds(12));
  EXPECT_EQ(ReasonOfForgetting(id), reason::kWorkerInUse);  // has a run
  EXPECT_EQ(ReasonOfForgetting("nobody"), reason::kNotFound);
  ASSERT_EQ(Complete(held), absl::OkStatus());
  Pass(absl::Seconds(12));
  const auto forgotten = Forget(id.substr(0, 7));
  ASSERT_TRUE(forgotten.ok()) << forgotten.status();
  EXPECT_EQ(forgotten->id, id);
  EXPECT_THAT(Workers(), IsEmpty());
  EXPECT_EQ(GetRun(held.run_id).worker, "host:1");  // what it did is still told
  EXPECT_EQ(*Enter(Worker("b", "boot:1:2")), id);
}

TEST_F(WorkerRegistryTest, ANameForgetsOneWorkerOnly) {
  Enter(Worker("a", "boot:1:2")).IgnoreError();
  Enter(Worker("b", "boot:1:3", kOtherId)).IgnoreError();
  Pass(absl::Seconds(12));
  EXPECT_EQ(ReasonOfForgetting("host:1"), reason::kAmbiguousId);
  ASSERT_TRUE(Forget(Workers()[0].id).ok());
  EXPECT_TRUE(Forget("host:1").ok());
  EXPECT_THAT(Workers(), IsEmpty());
}

}  // namespace
}  // namespace fp4::store::testing
