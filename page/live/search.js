// The trials of a search: what each tried, how it stood at the rungs, why it ended.
import { card, element, named, table } from "./dom.js";
import { number } from "./format.js";

const valuesOf = (trial) => Object.entries(trial.values ?? {}).map(([path, value]) => element("div", {}, element("code", {}, named(`${path} = ${JSON.stringify(value)}`))));

const rungsOf = (trial) => (trial.rungs.length === 0 ? "–" : trial.rungs.map((rung) =>
  element("div", { title: rung.why }, `step ${rung.step.toLocaleString()}: ${number(rung.metric, 5)} ${rung.kept ? "✓" : "✕"}`)));

function stateOf(trial) {
  const text = trial.best ? `${trial.state}, among the best` : trial.state;
  return [element("strong", {}, named(text)), trial.why && element("div", { class: "note" }, trial.why)];
}

export function searchCard(search) {
  const done = search.ended ? "no further ones come" : "more may come";
  return card("Search", element("p", { class: "note" }, `${search.method} over ${search.metrics.map((name, i) => `${name} (${search.goals[i]})`).join(", ")}: `
    + `${search.trials.length} of ${search.num_trials} trials begun, ${search.num_invalid ? `${search.num_invalid} drawn values were no valid document, ` : ""}${done}.`),
  table([
    { head: "Trial", numeric: true, key: (trial) => trial.trial, cell: (trial) => trial.trial },
    { head: "Run", cell: (trial) => element("a", { href: `/runs/${trial.run}` }, element("code", {}, trial.run)) },
    { head: "Seed", numeric: true, key: (trial) => trial.seed, cell: (trial) => trial.seed },
    { head: "Values", wide: true, cell: valuesOf },
    ...search.metrics.map((name) => ({ head: name, numeric: true, key: (trial) => (typeof trial.metrics[name] === "number" ? trial.metrics[name] : null), cell: (trial) => number(trial.metrics[name], 5) })),
    { head: "Rungs", cell: rungsOf },
    { head: "State", wide: true, key: (trial) => trial.state, cell: stateOf },
  ], search.trials, { caption: "Trials", empty: "No trial has begun." }));
}
