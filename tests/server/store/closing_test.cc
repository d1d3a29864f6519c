// A store that goes away while its answers start further requests.
#include <atomic>
#include <future>
#include <thread>

#include "gmock/gmock.h"
#include "tests/server/store/store_fixture.h"

namespace fp4::store {
namespace {

class ClosingTest : public testing::StoreTest {
 protected:
  using Workers = absl::StatusOr<std::vector<WorkerRecord>>;

  // Closes the store on a thread of its own; returns as soon as the store refuses requests.
  std::thread BeginToClose() {
    Store& store = *store_;
    std::thread owner([this] { Close(); });
    while (!refused_) {
      store.ListWorkers([this](const Workers& reply) {
        if (absl::IsUnavailable(reply.status())) refused_ = true;
      });
    }
    return owner;
  }

 private:
  std::atomic<bool> refused_ = false;
};

TEST_F(ClosingTest, AnAnswerOfTheWriterMayReadWhileItCloses) {
  // Given an answer that has begun
  std::promise<void> answering, may_go_on;
  Store& store = *store_;
  store.ListWorkers([&](const Workers&) {
    answering.set_value();
    may_go_on.get_future().wait();
    store.Read([](Reader&) {});
  });
  answering.get_future().wait();

  // When it reads after the closing has begun
  std::thread owner = BeginToClose();
  may_go_on.set_value();

  // Then the store ends, the read done or dropped.
  owner.join();
}

TEST_F(ClosingTest, AReadMayAskTheWriterWhileItCloses) {
  std::promise<void> reading, may_go_on;
  std::promise<absl::Status> answer;
  Store& store = *store_;
  store.Read([&](Reader&) {
    reading.set_value();
    may_go_on.get_future().wait();
    store.ListWorkers([&](const Workers& reply) { answer.set_value(reply.status()); });
  });
  reading.get_future().wait();

  std::thread owner = BeginToClose();
  may_go_on.set_value();
  owner.join();

  EXPECT_TRUE(absl::IsUnavailable(answer.get_future().get()));
}

}  // namespace
}  // namespace fp4::store
