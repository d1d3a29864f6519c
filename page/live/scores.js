// What a run has told of its layers: the predicted price of each recipe, what a budget chose, and which change of the model gains most.
import { card, clear, append, element, named, table } from "./dom.js";
import { bytes, number, signed } from "./format.js";

// A number with a bar as long as its share of the largest.
function measured(value, error, largest) {
  const bar = element("span", { class: value < 0 ? "bar less" : "bar", "aria-hidden": "true" });
  bar.style.width = `${Math.max(0, Math.min(1, Math.abs(value ?? 0) / largest || 0)) * 4}rem`;  // of the CSSOM, which the policy allows
  return element("span", { title: `± ${number(error, 2)}` }, bar, signed(value, 3));
}

function scoresTable(scores, chosen) {
  const recipes = [...new Set(scores.layers.flatMap((layer) => layer.scores.map((score) => score.recipe)))];
  const of = (layer, recipe) => layer.scores.find((score) => score.recipe === recipe);
  const largest = Math.max(...scores.layers.flatMap((layer) => layer.scores.map((score) => Math.abs(score.loss_change ?? 0))));
  return table([
    { head: "Layer", key: (layer) => layer.layer, cell: (layer) => element("code", {}, named(layer.layer)) },
    { head: chosen ? "Chosen" : "Now", key: (layer) => chosen?.[layer.layer] ?? layer.current, cell: (layer) => named(chosen?.[layer.layer] ?? layer.current) },
    ...recipes.map((recipe) => ({ head: named(recipe), numeric: true, key: (layer) => of(layer, recipe)?.loss_change,
      cell: (layer) => { const score = of(layer, recipe); return score ? measured(score.loss_change, score.standard_error, largest) : "–"; } })),
  ], scores.layers, { caption: "Predicted change of the loss by layer and recipe" });
}

function movesTable(moves) {
  const gain = Math.max(...moves.map((move) => Math.abs(move.gain ?? 0))), perByte = Math.max(...moves.map((move) => Math.abs(move.gain_per_byte ?? 0)));
  return table([
    { head: "Move", cell: (move) => element("code", {}, named(move.move)) },
    { head: "Bytes more", numeric: true, key: (move) => move.extra_bytes, cell: (move) => bytes(move.extra_bytes) },
    { head: "Predicted gain", numeric: true, key: (move) => move.gain, cell: (move) => measured(move.gain, move.standard_error, gain) },
    { head: "For each byte", numeric: true, key: (move) => move.gain_per_byte, cell: (move) => measured(move.gain_per_byte, null, perByte) },
  ], moves, { caption: "Moves, the layer where most can be gained first" });
}

const inLimit = (decision) => (decision.limit_seconds ? `${number(decision.seconds, 3)} of ${number(decision.limit_seconds, 3)} s a step` : `${bytes(decision.bytes)} of ${bytes(decision.limit_bytes)}`);

// Short, where the whole event would be a page of numbers.
export function scoreText(event) {
  if (event.type === "decision") return [`step ${event.step}: ${event.why}`, inLimit(event), ...event.changes.map((change) => `${change.layer}: ${change.from} → ${change.to}`)].join("; ");
  return `step ${event.step}: ${event.layers.length} layers on ${event.targets.toLocaleString()} targets${event.moves ? `, ${event.moves.length} moves` : ""}`;
}

// {root, show(events)}: of the newest measurement and the newest decision among the events; the root is empty while there is none.
export function scoresPlace() {
  const root = element("div", { class: "stack" });
  let shown = "";
  function show(events) {
    const newest = (type) => events.filter((event) => event.type === type).at(-1);
    const measurement = newest("sensitivity"), decision = newest("decision");
    const now = JSON.stringify([measurement?.cursor, decision?.cursor]);
    if (now === shown) return;
    shown = now;
    append(clear(root), [
      measurement?.moves && card("What more would gain", element("p", { class: "note" }, `Predicted falls of the loss at step ${measurement.step.toLocaleString()}, one change at a time. `, element("code", {}, named(`fp4ctl advise ${measurement.run} --submit`)), " trains the best."), movesTable(measurement.moves)),
      measurement && card("What each recipe would cost", element("p", { class: "note" }, `Predicted changes of the loss at step ${measurement.step.toLocaleString()}, if only that layer changed; the standard error is in each number's hint.`), scoresTable(measurement)),
      decision && card("What the budget chose", element("p", {}, `Step ${decision.step.toLocaleString()}: ${decision.why}; ${inLimit(decision)}.`), element("p", { class: "note" }, "Predicted costs against unquantized layers."), scoresTable(decision.scores, decision.assignment)),
    ]);
  }
  return { root, show };
}
