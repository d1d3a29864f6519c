// The list of experiments, the newest first.
import { get, poll } from "./api.js";
import { element, named, table } from "./dom.js";
import { since } from "./format.js";

export async function showExperiments(scope) {
  scope.title("");
  const place = element("div");
  scope.main.append(element("h1", {}, "Experiments"), place);
  let shown = "";
  await poll(scope, 5, async () => {
    const all = await get("/api/v1/experiments", scope.signal);
    const now = JSON.stringify(all);
    if (now === shown) return;   // what is read or focused stays where it is
    shown = now;
    place.replaceChildren(table([
      { head: "Name", key: (one) => one.name, cell: (one) => element("a", { href: `/experiments/${one.id}` }, named(one.name)) },
      { head: "Id", key: (one) => one.id, cell: (one) => element("code", {}, one.id) },
      { head: "Runs", numeric: true, key: (one) => one.num_runs, cell: (one) => `${one.num_finished} of ${one.num_runs} finished` },
      { head: "Project", key: (one) => one.project, cell: (one) => named(one.project) },
      { head: "Labels", cell: (one) => one.labels.map((label) => [element("span", { class: "label" }, named(label)), " "]) },
      { head: "By", key: (one) => one.created_by, cell: (one) => named(one.created_by) },
      { head: "Submitted", key: (one) => one.create_time, cell: (one) => element("time", { datetime: one.create_time }, since(one.create_time)) },
    ], all, { caption: "Experiments", empty: "No experiments yet: fp4ctl submit FILE" }));
  });
}
