// What the layers' own series say, and how each layer computes.
import { get, query } from "./api.js";
import { append, card, clear, element, named, table } from "./dom.js";
import { bytes, number } from "./format.js";
import { HeatMap } from "./heatmap.js";
import { select } from "./controls.js";
import { meanAndHalf } from "./curves.js";

const kNamesAtOnce = 60, kColumns = 120;

// "quant/blocks.0.mlp.up/weight_error" as its layer and its kind; null for a series of the whole run.
export function layerOf(name) {
  const parts = name.split("/");
  return parts[0] === "quant" && parts.length === 3 ? { layer: parts[1], kind: parts[2] } : null;
}

// blocks.10 after blocks.9.
const inOrder = (a, b) => a.localeCompare(b, undefined, { numeric: true });

async function readRows(scope, runs, names) {
  const curves = [];
  for (let i = 0; i < names.length; i += kNamesAtOnce) {
    const answer = await get(query("/api/v1/metrics", { run: runs, name: names.slice(i, i + kNamesAtOnce), buckets: kColumns }), scope.signal);
    curves.push(...answer.curves);
  }
  const layers = new Map();
  for (const curve of curves) {
    const { layer } = layerOf(curve.name);
    const places = layers.get(layer) ?? layers.set(layer, new Map()).get(layer);
    curve.steps.forEach((step, k) => (places.get(step) ?? places.set(step, []).get(step)).push(curve.mean[k]));
  }
  return [...layers].sort(([a], [b]) => inOrder(a, b)).map(([name, places]) => {
    const steps = [...places.keys()].sort((a, b) => a - b);
    return { name, steps, values: steps.map((step) => {
      const finite = places.get(step).filter((value) => value !== null);
      return finite.length > 0 ? meanAndHalf(finite)[0] : null;
    }) };
  });
}

// `groups`: [[label, run ids]], the first with values is shown first. {root, refresh(), any}
export function heatCard(scope, names, groups) {
  const kinds = new Map();
  for (const name of names) {
    const one = layerOf(name);
    if (one) (kinds.get(one.kind) ?? kinds.set(one.kind, []).get(one.kind)).push(name);
  }
  if (kinds.size === 0) return { root: null, refresh: async () => {} };
  let kind = kinds.has("weight_error") ? "weight_error" : [...kinds.keys()][0], group = groups[0][0];
  const map = new HeatMap(scope, kind);
  const root = card("Layers over steps", element("div", { class: "controls" },
    select("number", [...kinds.keys()].map((one) => [one, one.replaceAll("_", " ")]), kind, (value) => { kind = value; ask(); }),
    groups.length > 1 && select("variant", groups.map(([label]) => [label, label]), group, (value) => { group = value; ask(); })), map.root);

  async function refresh() {
    const runs = groups.find(([label]) => label === group)[1];
    const rows = await readRows(scope, runs, kinds.get(kind));
    if (scope.over) return;
    map.title = kind.replaceAll("_", " ");
    map.show(rows);
  }
  const ask = () => refresh().catch((error) => { if (!scope.over) map.scale.textContent = error.message; });
  return { root, refresh };
}

// The first variant whose layers are quantized is the one to look at first.
export function groupsOf(runs) {
  const groups = new Map();
  for (const run of runs) (groups.get(run.variant) ?? groups.set(run.variant, []).get(run.variant)).push(run.id);
  const all = [...groups];
  return [...all.filter(([name]) => name !== "baseline"), ...all.filter(([name]) => name === "baseline")];
}

const gemm = (one) => (one.a || one.b ? [one.a ?? "–", one.b ?? "–"].join(" × ") + (one.tensor_core_bits ? `, ${one.tensor_core_bits} bit tensor core` : "") : "–");

export function layerTable(layers) {
  if (!layers) return element("p", { class: "note" }, "This release cannot read the document any more.");
  return table([
    { head: "Layer", key: (one) => one.layer, cell: (one) => element("code", {}, named(one.layer)) },
    { head: "Shape", cell: (one) => one.shape.join(" × ") },
    { head: "Recipe", key: (one) => one.recipe, cell: (one) => named(one.recipe) },
    { head: "fprop", cell: (one) => gemm(one.fprop) }, { head: "dgrad", cell: (one) => gemm(one.dgrad) }, { head: "wgrad", cell: (one) => gemm(one.wgrad) },
    { head: "Bits/value", numeric: true, key: (one) => one.weight_bits, cell: (one) => number(one.weight_bits, 3) },
    { head: "Weights", numeric: true, key: (one) => one.weight_bytes, cell: (one) => bytes(one.weight_bytes) },
  ], layers, { caption: "How each layer computes" });
}
