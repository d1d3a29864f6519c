// A real fp4-worker with fake trainers, under a fake controller.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "tests/worker/fake_controller.h"
#include "tests/worker/temporary_folder.h"
#include "worker/host/posix_processes.h"
#include "worker/run/run_directory.h"

namespace fp4::worker {

class DaemonFixture : public testing::Test {
 protected:
  ~DaemonFixture() override;

  // Returns once it serves.
  void StartWorker(std::vector<std::string> more_arguments = {});
  void KillWorker();  // -9
  void SignalWorker(int signal);
  int WaitForWorkerExit();  // its exit status; -1: a signal, or it does not end
  std::string WorkerLog() const;
  std::string Http(const std::string& path) const;

  RunDirectory Directory(const std::string& run_id) const;
  std::string EventLog(const std::string& run_id) const;
  void LetGo(const std::string& run_id) const;  // ends a trainer's hold
  ProcessIdentity Trainer(const std::string& run_id) const;
  bool WaitForTrainerEnd(const ProcessIdentity& trainer);
  // "1/1 2/1 3/2": seq/attempt of all that is stored.
  std::string Stored(const std::string& run_id) const;
  int NumStored(const std::string& run_id, v1::Event::KindCase kind) const;

  static bool WaitFor(const std::function<bool()>& condition);

  std::string trainer_ = FAKE_TRAINER;
  TemporaryFolder folder_;
  FakeController controller_;
  PosixProcesses processes_;
  ProcessIdentity worker_;
};

}  // namespace fp4::worker
