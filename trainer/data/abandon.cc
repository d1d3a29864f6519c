#include "trainer/data/abandon.h"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <iostream>
#include <thread>
#include <utility>

namespace fp4::trainer {
namespace {

constexpr auto kBetweenQuestions = std::chrono::milliseconds(20);

std::atomic<bool> work_was_abandoned = false;

}  // namespace

absl::Status RunAbandonable(std::function<void()> work, const StopCheck& stop) {
  std::packaged_task<void()> task(std::move(work));
  std::future<void> done = task.get_future();
  std::thread(std::move(task)).detach();
  while (done.wait_for(kBetweenQuestions) != std::future_status::ready) {
    if (!stop()) continue;
    work_was_abandoned = true;
    return Stopped();
  }
  done.get();  // throws what the work threw
  return absl::OkStatus();
}

void EndProcess(int exit_status) {
  if (work_was_abandoned) {
    std::cout.flush();
    std::fflush(nullptr);
    _exit(exit_status);
  }
  std::exit(exit_status);
}

}  // namespace fp4::trainer
