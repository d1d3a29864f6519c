#include "wire/json/messages.h"
#include "wire/json/objects.h"

namespace fp4::wire {
namespace {

Json SlotJson(const v1::Slot& slot) {
  return {{"index", slot.index()},
          {"kind", slot.kind() == v1::Slot::GPU ? "gpu" : "cpu"},
          {"name", slot.name()},
          {"memory_bytes", slot.memory_bytes()},
          {"cpu_threads", slot.cpu_threads()},
          {"run", slot.run_id().empty() ? Json() : Json(slot.run_id())}};
}

const char* DrainName(v1::Worker::Drain drain) {
  if (drain == v1::Worker::DRAINING) return "finish";
  return drain == v1::Worker::DRAINING_NOW ? "now" : "";
}

Json WorkerJson(const v1::Worker& worker) {
  return {{"id", worker.id()},
          {"name", worker.name()},
          {"host", worker.host()},
          {"version", worker.version()},
          {"connected", worker.connected()},
          {"problem", worker.problem()},
          {"drain", DrainName(worker.drain())},
          {"last_seen_time", OptionalTime(worker.has_last_seen_time(), worker.last_seen_time())},
          {"slots", Array(worker.slots(), SlotJson)}};
}

}  // namespace

Json WorkersArray(const v1::ListWorkersResponse& workers) {
  return Array(workers.workers(), WorkerJson);
}

std::string WorkersJson(const v1::ListWorkersResponse& workers) {
  return Dump(WorkersArray(workers));
}

std::string QueueJson(const v1::ListQueueResponse& queue) {
  return Dump(Array(queue.runs(), [](const v1::QueuedRun& run) {
    return Json{{"run", run.run_id()},
                {"position", run.position()},
                {"reason", run.reason()},
                {"why", run.why()},
                {"needs", run.needs()}};
  }));
}

}  // namespace fp4::wire
