// What the seeds allow to say of each variant, in sentences first.
import { experimentPath, get, query } from "./api.js";
import { append, card, clear, element, named, swatch, table } from "./dom.js";
import { bytes, count, duration, number, signed } from "./format.js";
import { select } from "./controls.js";
import { paretoPicture } from "./pareto.js";
import { lineColor, linePattern } from "./palette.js";

const signs = { reference: "•", better: "▲", worse: "▼", no_worse: "≥", undecided: "?", failed: "✕" };
const ends = [["", "the end of training"], ["steps", "equal steps"], ["tokens", "equal tokens"], ["time", "equal time"], ["bytes", "equal bytes"]];

function verdicts(comparison, colors) {
  return element("ul", { class: "verdicts" }, comparison.variants.map((one) => element("li", { class: one.verdict?.kind },
    element("span", { class: "sign", "aria-hidden": "true" }, signs[one.verdict?.kind] ?? "?"), " ",
    swatch(lineColor(colors(one.name)), linePattern(colors(one.name)) !== null), element("strong", {}, named(one.name)), ": ", one.verdict?.text ?? "no verdict",
    one.verdict?.seeds_needed ? ` (about ${one.verdict.seeds_needed} seeds would decide)` : "")));
}

function interval(one) {
  if (!one.difference) return "–";
  const ci = one.difference.ci95;
  return ci ? `${signed(one.difference.mean)} [${signed(ci[0])}, ${signed(ci[1])}]` : signed(one.difference.mean);
}

function numbers(comparison) {
  const column = (head, name, show, title = null) => ({ head, numeric: true, title, name, key: (one) => one[name], cell: (one) => show(one[name]) });
  const optional = [column("Excess", "excess_loss", number), column("Accuracy", "accuracy", number), column("Tokens/s", "tokens_per_second", count),
    column("Training", "train_seconds", duration), column("Energy", "joules", (value) => (value === null ? "–" : `${count(value)}J`)),
    column("Weights", "weight_bytes", bytes), column("Bits/value", "bits_per_value", (value) => number(value, 3)),
    column("State", "state_bytes", bytes), column("Peak memory", "peak_bytes", bytes)];
  return table([
    { head: "Variant", key: (one) => one.name, cell: (one) => named(one.name) },
    { head: "Seeds", numeric: true, key: (one) => one.n, cell: (one) => (one.num_failed ? `${one.n}, ${one.num_failed} failed or cancelled` : one.n) },
    { head: comparison.metric, numeric: true, key: (one) => one.mean, cell: (one) => (one.std === null ? number(one.mean, 5) : `${number(one.mean, 5)} ± ${number(one.std, 2)}`) },
    { head: "Difference [95 % interval]", numeric: true, key: (one) => one.difference?.mean, cell: interval },
    { head: "p (Holm)", numeric: true, key: (one) => one.verdict?.p_holm, cell: (one) => number(one.verdict?.p_holm, 2) },
    ...optional.filter((one) => comparison.variants.some((variant) => variant[one.name] !== null)),
  ], comparison.variants, { caption: `Variants by ${comparison.metric}` });
}

// {root, refresh()}
export function comparisonCard(scope, id, names, colors) {
  const asked = { metric: names.includes("val/loss") ? "val/loss" : names[0] ?? "", at: "", margin: "", last: "" };
  const place = element("div", {}, element("p", { class: "note" }, "Comparing…"));
  const field = (name, text, title) => element("label", { title }, `${text} `, element("input", { type: "number", min: 0, step: "any", inputmode: "decimal", class: "short",
    onchange: (event) => { asked[name] = event.target.value; refresh(); } }));
  const controls = element("div", { class: "controls", role: "group", "aria-label": "What is compared" },
    names.length > 0 && select("metric", names.map((name) => [name, name]), asked.metric, (value) => { asked.metric = value; refresh(); }),
    select("at", ends, asked.at, (value) => { asked.at = value; refresh(); }),
    field("margin", "no worse by", "A difference that would not matter, in the metric's unit"), field("last", "mean of last", "So many last values of each run are averaged"));
  const root = card("Comparison", controls, place);

  async function refresh() {
    let comparison;
    try {
      comparison = await get(query(`${experimentPath(id)}/compare`, asked), scope.signal);
    } catch (error) {
      if (!scope.over) clear(place).append(element("p", { class: "bad", role: "alert" }, error.message));
      return;
    }
    if (scope.over) return;
    clear(place);
    append(place, [verdicts(comparison, colors), numbers(comparison),
      comparison.warnings.map((text) => element("p", { class: "warning" }, "Warning: ", text)),
      element("div", { class: "fronts" }, comparison.pareto.map((front) => paretoPicture(comparison, front, colors)))]);
  }
  return { root, refresh };
}
