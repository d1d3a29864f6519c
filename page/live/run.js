// One run: its curves, layers, checkpoints, events and document.
import { get, query, runPath } from "./api.js";
import { Chart } from "./chart.js";
import { lookControls, metricChoice } from "./controls.js";
import { append, card, element, named, place, table } from "./dom.js";
import { bytes, clock } from "./format.js";
import { heatCard, layerOf } from "./layers.js";
import { throttled, watch } from "./live.js";
import { scoresPlace, scoreText } from "./scores.js";
import { findings, progressOf, reasonOf, stateOf } from "./state.js";

const kBuckets = 500;
const kFirst = ["train/loss", "val/loss"];

function head(run) {
  return [element("p", { class: "path" }, element("a", { href: `/experiments/${run.experiment}` }, named(run.experiment_name))),
    element("h1", {}, named(run.variant), `, seed ${run.seed} `, element("code", { class: "id" }, run.id)),
    element("p", {}, stateOf(run), " ", progressOf(run), run.attempt > 1 ? ` attempt ${run.attempt}` : "", run.worker && [" on ", named(run.worker)]),
    reasonOf(run) && element("p", { class: run.state === "failed" ? "bad" : "note" }, reasonOf(run)),
    run.health.length > 0 && findings(run.health)];
}

function textOf(event) {
  switch (event.type) {
    case "state": return [event.state, event.reason, event.message, event.worker && `on ${event.worker}`].filter(Boolean).join(", ");
    case "checkpoint": return `step ${event.step}, ${bytes(event.bytes)}, ${event.path}`;
    case "health": return `${event.severity} ${event.code}${event.layer ? ` of ${event.layer}` : ""}: ${event.message}`;
    case "log": return `${event.severity}: ${event.message}`;
    case "started": return [event.device_name ?? event.device, event.threads && `${event.threads} threads`, event.compute_dtype, event.version && `fp4-train ${event.version}`].filter(Boolean).join(", ");
    case "sensitivity": case "decision": return scoreText(event);
    case "finished": return [event.status, event.reason].filter(Boolean).join(", ");
    default: {
      const { run, cursor, seq, time, attempt, type, ...rest } = event;
      return JSON.stringify(rest);
    }
  }
}

function eventsTable(events) {
  return table([
    { head: "Time", cell: (event) => element("time", { datetime: event.time }, clock(event.time)) },
    { head: "Attempt", numeric: true, cell: (event) => event.attempt || "–" },
    { head: "Event", cell: (event) => event.type },
    { head: "What it says", wide: true, cell: (event) => element("span", { class: `event ${event.severity ?? event.state ?? ""}` }, textOf(event)) },
  ], events, { caption: "Events, the newest first" });
}

function checkpointsTable(run) {
  return table([
    { head: "Step", numeric: true, key: (one) => one.step, cell: (one) => one.step.toLocaleString() },
    { head: "Size", numeric: true, key: (one) => one.bytes, cell: (one) => bytes(one.bytes) },
    { head: "Where", wide: true, cell: (one) => element("code", {}, named(one.path)) },
    { head: "SHA-256", cell: (one) => element("code", { title: one.sha256 }, one.sha256.slice(0, 12)) },
  ], run.checkpoints ?? [], { caption: "Checkpoints", empty: "No checkpoint yet." });
}

export async function showRun(scope, id) {
  scope.title(id);
  scope.status("", "loading");
  let [run, names] = await Promise.all([get(runPath(id), scope.signal), get(query("/api/v1/metrics", { run: id }), scope.signal)]);
  if (scope.over) return;
  scope.title(`${run.variant}, seed ${run.seed}`);
  const places = { charts: element("div", { class: "charts" }), heat: element("div"), documents: element("div") };
  const top = place(head), scores = scoresPlace(), events = eventsTable([]), checkpoints = checkpointsTable(run);
  const charts = new Map();
  const controls = lookControls({ bands: false, changed: () => { for (const chart of charts.values()) chart.draw(); } });
  const curves = card("Curves", controls.root, element("div", { class: "choice-place" }), element("p", { class: "note" }, element("a", { href: `${runPath(id)}/metrics.csv`, download: true }, "All metrics as CSV")), places.charts);
  let choice = null, heat = null;

  function addNames() {
    const ofRun = names.filter((name) => !layerOf(name));
    choice = metricChoice(ofRun, choice?.chosen() ?? kFirst, showCharts);
    curves.querySelector(".choice-place").replaceChildren(ofRun.length > 0 ? choice.root : element("p", { class: "empty" }, "No values yet."));
    heat = heatCard(scope, names, [["", [id]]]);
    places.heat.replaceChildren(...[heat.root].filter(Boolean));
  }
  function showCharts() {
    const chosen = choice.chosen();
    for (const [name, chart] of charts) if (!chosen.includes(name)) { chart.root.remove(); chart.graph?.destroy(); charts.delete(name); }
    const fresh = [];
    for (const name of chosen) {
      if (charts.has(name)) continue;
      const chart = new Chart(scope, name, { colors: () => 0, look: () => ({ ...controls.look(), bands: false }),
        load: ({ from, to }) => get(query("/api/v1/metrics", { run: id, name, buckets: kBuckets, from_step: from || null, to_step: to || null }), scope.signal) });
      charts.set(name, chart);
      fresh.push(chart);
    }
    places.charts.append(...chosen.map((name) => charts.get(name).root));
    return Promise.all(fresh.map((chart) => chart.refresh()));
  }
  async function showRest() {
    const newest = await get(`${runPath(id)}/events?limit=300`, scope.signal);
    if (scope.over) return;
    top.show(run);
    scores.show(newest);
    events.update(newest.reverse());
    checkpoints.update(run.checkpoints ?? []);
  }

  top.show(run);
  addNames();
  places.documents.append(card("Document", element("details", {}, element("summary", {}, "Resolved document"), element("pre", { tabindex: "0" }, JSON.stringify(run.document, null, 2))),
    element("details", {}, element("summary", {}, "Where it ran"), element("pre", { tabindex: "0" }, JSON.stringify(run.started, null, 2)))));
  append(scope.main, [top.root, curves, places.heat, scores.root, card("Events and log", events), card("Checkpoints", checkpoints), places.documents]);
  scope.status("live", "live");
  const redraw = throttled(scope, 1, async () => {
    const known = await get(query("/api/v1/metrics", { run: id }), scope.signal);
    if (JSON.stringify(known) !== JSON.stringify(names)) { names = known; addNames(); await heat.refresh(); }
    await showCharts();
    await Promise.all([...charts.values()].map((chart) => chart.refresh()));
  });
  const reread = throttled(scope, 1, async () => { run = await get(runPath(id), scope.signal); await showRest(); });
  const reheat = throttled(scope, 5, () => heat.refresh());
  watch(scope, { run: id }, {
    onReopen: () => { redraw(); reread(); reheat(); },
    onEvents: (events) => {
      if (events.some((event) => event.type === "metrics")) { redraw(); reheat(); }
      reread();
    },
  });
  await showCharts();
  await Promise.all([showRest(), heat.refresh()]);
}
