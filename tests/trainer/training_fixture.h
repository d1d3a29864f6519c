// Runs of a tiny model in this process, as fp4-train makes them.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/stop_check.h"
#include "spec/events.h"
#include "trainer/run/options.h"
#include "trainer/run/select_run.h"

namespace fp4::trainer {

class TrainingFixture : public testing::Test {
 protected:
  TrainingFixture();
  ~TrainingFixture() override;

  // Two blocks, 32 wide, over the synthetic language; `patch` is merged over it: {"training":
  // {"steps": 4}}.
  std::string Document(const std::string& patch = "{}") const;

  // One attempt in folder_/`name`; the exit status.
  int Run(const std::string& name, const std::string& document, const StopCheck& stop = NeverStop);
  // Stops once the log has the training loss of that step, so with log_interval 1 at that step.
  StopCheck StopAfter(int64_t step) const;
  // Stops when it is asked for the time after `questions`.
  static StopCheck StopAtQuestion(int questions);

  std::vector<spec::Event> Events(const std::string& name) const;
  template <typename Kind>
  std::vector<Kind> EventsOf(const std::string& name) const {
    std::vector<Kind> found;
    for (const spec::Event& event : Events(name)) {
      if (const Kind* kind = std::get_if<Kind>(&event.kind)) found.push_back(*kind);
    }
    return found;
  }
  // A metric's values by step; a later event replaces an earlier one.
  std::map<int64_t, double> Curve(const std::string& name, const std::string& metric) const;
  // sha256 of the last checkpoint's state.
  std::string LastState(const std::string& name) const;

  std::filesystem::path folder_;
  Options options_;  // for the next Run; document and run_dir are set by it
};

}  // namespace fp4::trainer
