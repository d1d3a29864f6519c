// One experiment: the verdicts, the curves, the layers, the runs, the documents.
import { experimentPath, get, query } from "./api.js";
import { Chart } from "./chart.js";
import { comparisonCard } from "./comparison.js";
import { lookControls, metricChoice } from "./controls.js";
import { documentsCard } from "./documents.js";
import { card, element, named, place, table } from "./dom.js";
import { clock, number, since } from "./format.js";
import { groupsOf, heatCard, layerOf } from "./layers.js";
import { throttled, watch } from "./live.js";
import { searchCard } from "./search.js";
import { findings, progressOf, reasonOf, stateOf } from "./state.js";

const kBuckets = 300;
const kFirst = ["val/loss", "train/loss"];

function head(experiment) {
  return [element("h1", {}, named(experiment.name), " ", element("code", { class: "id" }, experiment.id)),
    experiment.description && element("p", { class: "description" }, named(experiment.description)),
    element("p", { class: "note" }, experiment.labels.map((label) => [element("span", { class: "label" }, named(label)), " "]),
      experiment.project && ["project ", named(experiment.project), ", "], experiment.created_by && ["by ", named(experiment.created_by), ", "],
      element("time", { datetime: experiment.create_time, title: clock(experiment.create_time) }, since(experiment.create_time)))];
}

const lastOf = (run, name) => run.latest[name] ?? null;
const sortable = (value) => (typeof value === "number" ? value : null);

function runsTable(runs) {
  const metric = (head, name, digits) => ({ head, numeric: true, key: (run) => sortable(lastOf(run, name)), cell: (run) => number(lastOf(run, name), digits) });
  return table([
    { head: "Run", key: (run) => run.id, cell: (run) => element("a", { href: `/runs/${run.id}` }, element("code", {}, run.id)) },
    { head: "Variant", key: (run) => run.variant, cell: (run) => named(run.variant) },
    { head: "Seed", numeric: true, key: (run) => run.seed, cell: (run) => run.seed },
    { head: "State", key: (run) => run.state, cell: stateOf },
    { head: "Step", numeric: true, key: (run) => run.step, cell: progressOf },
    metric("val/loss", "val/loss", 5), metric("train/loss", "train/loss", 5), metric("tokens/s", "train/tokens_per_second", 3),
    { head: "Findings", numeric: true, key: (run) => run.health.length, cell: (run) => run.health.length || "–" },
    { head: "Worker", key: (run) => run.worker, cell: (run) => (run.worker ? named(run.worker) : "–") },
    { head: "Why", wide: true, cell: reasonOf },
  ], runs, { caption: "Runs" });
}

function counts(runs) {
  const by = new Map();
  for (const run of runs) by.set(run.state, (by.get(run.state) ?? 0) + 1);
  return [...by].map(([state, n]) => `${n} ${state}`).join(", ");
}

function allFindings(runs) {
  const all = runs.flatMap((run) => run.health.map((one) => ({ ...one, run })));
  return all.length === 0 ? element("p", { class: "note" }, "No findings.")
    : findings(all, (one) => [element("a", { href: `/runs/${one.run.id}` }, named(`${one.run.variant}, seed ${one.run.seed}`)), ": "]);
}

export async function showExperiment(scope, id) {
  scope.title(id);
  scope.status("", "loading");
  let [experiment, names] = await Promise.all([get(experimentPath(id), scope.signal), get(query("/api/v1/metrics", { experiment: id }), scope.signal)]);
  if (scope.over) return;
  scope.title(experiment.name);
  const order = [...new Set(experiment.runs.map((run) => run.variant))];
  // A search makes further variants while one looks.
  const colors = (variant) => (order.includes(variant) ? order.indexOf(variant) : order.push(variant) - 1);
  const places = { comparison: element("div"), charts: element("div", { class: "charts" }), heat: element("div"), documents: element("div") };
  const top = place((one) => [head(one), element("p", {}, counts(one.runs))]);
  const search = place((one) => one && searchCard(one));
  const warnings = place((runs) => card("Findings", allFindings(runs)));
  const runs = runsTable(experiment.runs);
  const charts = new Map();
  let choice = null, comparison = null, heat = null;

  const seeds = Math.max(...order.map((variant) => experiment.runs.filter((run) => run.variant === variant).length), 0) > 1;
  const controls = lookControls({ bands: seeds, changed: () => { for (const chart of charts.values()) chart.draw(); } });
  const curves = card("Curves", controls.root, element("div", { class: "choice-place" }), places.charts);

  function addNames() {
    const ofRuns = names.filter((name) => !layerOf(name));
    const chosen = choice?.chosen() ?? kFirst;
    choice = metricChoice(ofRuns, chosen.length > 0 ? chosen : kFirst, showCharts);
    curves.querySelector(".choice-place").replaceChildren(ofRuns.length > 0 ? choice.root : element("p", { class: "empty" }, "No values yet."),
      ofRuns.length > 0 ? element("p", { class: "note" }, "CSV of what is chosen: ", element("a", { href: "#", download: true, class: "csv" }, "all points")) : "");
    comparison = comparisonCard(scope, id, ofRuns, colors);
    places.comparison.replaceChildren(comparison.root);
    heat = heatCard(scope, names, groupsOf(experiment.runs));
    places.heat.replaceChildren(...[heat.root].filter(Boolean));
  }
  function showCharts() {
    const chosen = choice.chosen();
    const link = curves.querySelector("a.csv");
    if (link) link.href = query("/api/v1/metrics", { experiment: id, name: chosen, format: "csv" });
    for (const [name, chart] of charts) if (!chosen.includes(name)) { chart.root.remove(); chart.graph?.destroy(); charts.delete(name); }
    const fresh = [];
    for (const name of chosen) {
      if (charts.has(name)) continue;
      const chart = new Chart(scope, name, { colors, look: controls.look,
        load: ({ from, to }) => get(query("/api/v1/metrics", { experiment: id, name, buckets: kBuckets, from_step: from || null, to_step: to || null }), scope.signal) });
      charts.set(name, chart);
      fresh.push(chart);
    }
    places.charts.append(...chosen.map((name) => charts.get(name).root));
    return Promise.all(fresh.map((chart) => chart.refresh()));
  }
  function showRuns() {
    top.show(experiment);
    search.show(experiment.search ?? null);
    warnings.show(experiment.runs.map(({ id, variant, seed, health }) => ({ id, variant, seed, health })));
    runs.update(experiment.runs);
  }

  showRuns();
  addNames();
  scope.main.append(top.root, search.root, places.comparison, curves, places.heat, card("Runs", runs), warnings.root, places.documents);
  scope.status("live", "live");
  watchExperiment();
  await showCharts();
  await Promise.all([comparison.refresh(), heat.refresh(),
    get(`${experimentPath(id)}/variants`, scope.signal).then((variants) => {
      if (!scope.over && variants.length > 0) places.documents.replaceChildren(documentsCard(experiment, variants, `${experimentPath(id)}/document`));
    })]);

  // What has been stored meanwhile asks for what it touches, not too often.
  function watchExperiment() {
    const redraw = throttled(scope, 2, async () => {
      const known = await get(query("/api/v1/metrics", { experiment: id }), scope.signal);
      if (JSON.stringify(known) !== JSON.stringify(names)) { names = known; addNames(); await Promise.all([comparison.refresh(), heat.refresh()]); }
      await showCharts();
      await Promise.all([...charts.values()].map((chart) => chart.refresh()));
    });
    const relist = throttled(scope, 2, async () => {
      experiment = await get(experimentPath(id), scope.signal);
      if (!scope.over) showRuns();
    });
    const recompare = throttled(scope, 3, () => Promise.all([comparison.refresh(), heat.refresh()]));
    watch(scope, { experiment: id }, {
      onReopen: () => { redraw(); relist(); recompare(); },
      onEvents: (events) => {
        const kinds = new Set(events.map((event) => event.type));
        if (kinds.has("metrics")) redraw();
        relist();
        if (kinds.has("finished") || kinds.has("state")) recompare();
      },
    });
  }
}
