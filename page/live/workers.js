// Workers and what each slot does.
import { get, poll } from "./api.js";
import { card, element, named, table } from "./dom.js";
import { bytes, since } from "./format.js";

function stateOf(worker) {
  if (!worker.connected) return element("span", { class: "state lost" }, "away");
  if (worker.problem) return element("span", { class: "state failed" }, "gets no work");
  return element("span", { class: "state running" }, "connected");
}

function slots(worker) {
  return table([
    { head: "Slot", numeric: true, key: (slot) => slot.index, cell: (slot) => slot.index },
    { head: "Kind", key: (slot) => slot.kind, cell: (slot) => (slot.kind === "gpu" ? "GPU" : "CPU") },
    { head: "Device", key: (slot) => slot.name, cell: (slot) => named(slot.name) },
    { head: "Memory", numeric: true, key: (slot) => slot.memory_bytes, cell: (slot) => (slot.memory_bytes ? bytes(slot.memory_bytes) : "–") },
    { head: "Threads", numeric: true, key: (slot) => slot.cpu_threads, cell: (slot) => slot.cpu_threads || "–" },
    { head: "Run", cell: (slot) => (slot.run ? element("a", { href: `/runs/${slot.run}` }, element("code", {}, slot.run)) : "idle") },
  ], worker.slots, { caption: `Slots of ${worker.name}`, empty: "It has no slots." });
}

export async function showWorkers(scope) {
  scope.title("Workers");
  const place = element("div", { class: "stack" });
  scope.main.append(element("h1", {}, "Workers"), place);
  let shown = "";
  await poll(scope, 5, async () => {
    const all = await get("/api/v1/workers", scope.signal);
    const now = JSON.stringify(all);
    if (now === shown) return;
    shown = now;
    if (all.length === 0) { place.replaceChildren(element("p", { class: "empty" }, "No worker has registered yet.")); return; }
    place.replaceChildren(...all.map((worker) => card(named(worker.name),
      element("p", {}, stateOf(worker), " ", element("code", {}, worker.id), " on ", named(worker.host), `, version ${worker.version}, seen `,
        element("time", { datetime: worker.last_seen_time }, since(worker.last_seen_time)),
        `, ${worker.slots.filter((slot) => slot.run).length} of ${worker.slots.length} slots in use`),
      worker.problem && element("p", { class: "bad" }, worker.problem), slots(worker))));
  });
}
