// The database refuses a row: only the request that brought it fails.
#include "base/reasons.h"
#include "gmock/gmock.h"
#include "server/store/connection.h"
#include "tests/server/store/store_fixture.h"

namespace fp4::store::testing {
namespace {

using ::testing::SizeIs;

class FailuresTest : public StoreTest {
 protected:
  // From now on a point at step 666 cannot be stored.
  void Poison() {
    Connection connection(folder_.path() / "fp4.db", Connection::Mode::kWrite);
    connection.Execute(
        "CREATE TRIGGER poison BEFORE INSERT ON points WHEN NEW.step = 666 "
        "BEGIN SELECT RAISE(ABORT, 'poison'); END");
  }
  void Antidote() {
    Connection connection(folder_.path() / "fp4.db", Connection::Mode::kWrite);
    connection.Execute("DROP TRIGGER poison");
  }
};

TEST_F(FailuresTest, AFailedReportStoresNothingAndCanBeRepeated) {
  const Held held = StartOneRun();
  Poison();
  const absl::Status failed = Report(held, {MetricsAt(1, 1, 5.0), MetricsAt(2, 666, 4.0)}).status();
  EXPECT_TRUE(absl::IsUnavailable(failed)) << failed;
  EXPECT_EQ(ReasonOf(failed), reason::kStorage);
  EXPECT_FALSE(store_->Health().ok());
  EXPECT_EQ(StateOf(held.run_id), core::RunState::kAssigned);
  Antidote();
  EXPECT_EQ(*Report(held, {MetricsAt(1, 1, 5.0), MetricsAt(2, 666, 4.0)}), 3);
  EXPECT_EQ(store_->Health(), absl::OkStatus());
  EXPECT_EQ(StateOf(held.run_id), core::RunState::kRunning);
}

TEST_F(FailuresTest, RequestsThatCameWithItSucceed) {
  const auto runs = CreateRuns();
  ASSERT_TRUE(Register("worker", 2).ok());
  const auto work = Acquire();
  ASSERT_THAT(work->assignments, SizeIs(2));
  Poison();
  std::promise<absl::Status> bad, good;
  store_->Report(
      {worker_id_, work->assignments[0].held, {MetricsAt(1, 666, 1.0)}},
      [&](const absl::StatusOr<ReportedEvents>& reply) { bad.set_value(reply.status()); });
  store_->Report(
      {worker_id_, work->assignments[1].held, {MetricsAt(1, 1, 1.0)}},
      [&](const absl::StatusOr<ReportedEvents>& reply) { good.set_value(reply.status()); });
  EXPECT_TRUE(absl::IsUnavailable(bad.get_future().get()));
  EXPECT_EQ(good.get_future().get(), absl::OkStatus());
  EXPECT_EQ(GetRun(work->assignments[1].held.run_id).step, 1);
}

TEST_F(FailuresTest, AWaitingWorkerAndItsLeasesOutliveAFailure) {
  const Held held = StartOneRun();
  std::promise<absl::StatusOr<AcquiredWork>> promise;
  store_->Acquire(
      {worker_id_, incarnation_, {held}, absl::Seconds(30)},
      [&](const absl::StatusOr<AcquiredWork>& work) { promise.set_value(std::move(work)); });
  Poison();
  EXPECT_FALSE(Report(held, {MetricsAt(1, 666, 4.0)}).ok());
  EXPECT_EQ(Renew({held})->renewed, std::vector<Held>{held});
  ASSERT_TRUE(Cancel(held.run_id).ok());
  EXPECT_EQ(promise.get_future().get()->stop, std::vector<Held>{held});
}

TEST_F(FailuresTest, ADatabaseThatCannotBeWrittenIsRefusedAtTheStart) {
  CreateRuns();
  Close();
  // A file without the permission would not stop root, who may run this.
  Connection other(folder_.path() / "fp4.db", Connection::Mode::kWrite);
  other.Execute(
      "CREATE TRIGGER poison BEFORE UPDATE ON counters BEGIN "
      "SELECT RAISE(ABORT, 'attempt to write a readonly database'); END");
  const auto refused = Store::Open(options_, clock_, ids_, nullptr);
  EXPECT_TRUE(absl::IsUnavailable(refused.status())) << refused.status();
  EXPECT_EQ(ReasonOf(refused.status()), reason::kStorage);
  other.Execute("DROP TRIGGER poison");
  EXPECT_TRUE(Store::Open(options_, clock_, ids_, nullptr).ok());
  Open();
}

TEST_F(FailuresTest, FindsOutBeforeThereIsSomethingToStoreAndRecoversByItself) {
  Sync();
  Connection other(folder_.path() / "fp4.db", Connection::Mode::kWrite);
  other.Execute(
      "CREATE TRIGGER poison BEFORE UPDATE ON counters BEGIN SELECT RAISE(ABORT, 'no'); END");
  Pass(absl::Seconds(40));
  Sync();
  EXPECT_EQ(ReasonOf(store_->Health()), reason::kStorage) << store_->Health();
  other.Execute("DROP TRIGGER poison");
  Pass(absl::Seconds(4));
  Sync();
  EXPECT_EQ(store_->Health(), absl::OkStatus());
}

TEST_F(FailuresTest, LeasesAreRenewedWhileNothingCanBeStored) {
  const Held held = StartOneRun();
  Poison();
  ASSERT_FALSE(Report(held, {MetricsAt(1, 666, 4.0)}).ok());
  Pass(absl::Seconds(4));
  EXPECT_EQ(Renew({held})->renewed, std::vector<Held>{held});
}

TEST_F(FailuresTest, AClosedStoreAnswersWhatStillWaits) {
  ASSERT_TRUE(Register("worker", 1).ok());
  std::promise<absl::Status> promise;
  store_->Acquire(
      {worker_id_, incarnation_, {}, absl::Seconds(30)},
      [&](const absl::StatusOr<AcquiredWork>& work) { promise.set_value(work.status()); });
  Sync();
  Close();
  EXPECT_EQ(ReasonOf(promise.get_future().get()), reason::kShuttingDown);
}

}  // namespace
}  // namespace fp4::store::testing
