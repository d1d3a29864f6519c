// Why each queued run waits, and what would start it.
import { get, poll } from "./api.js";
import { element, table } from "./dom.js";

export async function showQueue(scope) {
  scope.title("Queue");
  const place = element("div");
  scope.main.append(element("h1", {}, "Queue"), element("p", { class: "note" }, "Runs get slots in this order. One that fits nowhere holds back nobody."), place);
  let shown = "";
  await poll(scope, 5, async () => {
    const all = await get("/api/v1/queue", scope.signal);
    const now = JSON.stringify(all);
    if (now === shown) return;
    shown = now;
    place.replaceChildren(table([
      { head: "Position", numeric: true, key: (one) => one.position, cell: (one) => one.position },
      { head: "Run", key: (one) => one.run, cell: (one) => element("a", { href: `/runs/${one.run}` }, element("code", {}, one.run)) },
      { head: "Waits because", cell: (one) => one.why, wide: true },
      { head: "Would start with", cell: (one) => one.needs, wide: true },
    ], all, { caption: "Queued runs", empty: "No run waits." }));
  });
}
