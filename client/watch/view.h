// How a watch is shown.
#pragma once

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "base/clock.h"
#include "client/context.h"
#include "client/watch/board.h"

namespace fp4::client {

// Called by one thread at a time.
class WatchView {
 public:
  virtual ~WatchView() = default;
  // `board` has the event applied.
  virtual void OnEvent(const Board& board, const v1::Event& event) = 0;
  // Something to say beside the events ("connection lost").
  virtual void OnNotice(const Board& board, const std::string& text) = 0;
  // From time to time, and once at the end.
  virtual void Tick(const Board& board, absl::Time now) = 0;
};

// JSON lines with -o json, a picture that is drawn again on a terminal, plain lines elsewhere.
// `clock` says what day it is; it must outlive the view.
std::unique_ptr<WatchView> MakeWatchView(const Context& context,
                                         const Clock& clock = SystemClock());

// One line of the plain view without newline; empty for what it leaves out. Health events are told
// by HealthLine. The time has a date where it is not the day of `now`.
std::string PlainLine(const RunProgress& run, const v1::Event& event, absl::Time now);

}  // namespace fp4::client
