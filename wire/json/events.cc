// EventJson: the wire's events back in the form of the event log.
#include "spec/events.h"

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "wire/events.h"
#include "wire/json/messages.h"
#include "wire/json/values.h"
#include "wire/names.h"
#include "wire/times.h"

namespace fp4::wire {
namespace {

std::string StateJson(const v1::Event& event) {
  Json json = {{"run", event.run_id()},
               {"cursor", event.cursor()},
               {"time", FormatTimestamp(FromProto(event.time()))},
               {"attempt", event.attempt()},
               {"type", "state"},
               {"state", StateName(event.state().state())},
               {"reason", event.state().reason()},
               {"message", event.state().message()},
               {"worker", event.state().worker()}};
  return Dump(json);
}

}  // namespace

std::string EventJson(const v1::Event& event) {
  if (event.has_state()) return StateJson(event);
  if (event.kind_case() == v1::Event::KIND_NOT_SET) return "";
  // FormatEvent's text stays as it is, so that a line equals the log's but for the two names in
  // front.
  const std::string line = spec::FormatEvent(FromProto(event));
  return absl::StrCat("{\"run\":", Json(event.run_id()).dump(), ",\"cursor\":", event.cursor(), ",",
                      line.substr(1));
}

}  // namespace fp4::wire
