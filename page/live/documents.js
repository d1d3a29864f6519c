// The documents of variants: one whole, or what two of them differ in.
import { append, card, clear, element, named, table } from "./dom.js";
import { select } from "./controls.js";
import { layerTable } from "./layers.js";

// {path: text of the value} of everything in a document.
function flat(value, path = "", into = new Map()) {
  if (value !== null && typeof value === "object" && Object.keys(value).length > 0) {
    for (const [key, part] of Object.entries(value)) flat(part, Array.isArray(value) ? `${path}[${key}]` : path ? `${path}.${key}` : key, into);
  } else {
    into.set(path, JSON.stringify(value));
  }
  return into;
}

function difference(a, b) {
  const left = flat(a.document), right = flat(b.document);
  const paths = [...new Set([...left.keys(), ...right.keys()])].filter((path) => left.get(path) !== right.get(path) && path !== "name" && !path.startsWith("variants."));
  const side = (values) => (path) => (values.has(path) ? element("code", {}, named(values.get(path))) : "(not there)");
  return table([
    { head: "Field", key: (path) => path, cell: (path) => element("code", {}, named(path)) },
    { head: a.name, cell: side(left), wide: true }, { head: b.name, cell: side(right), wide: true },
  ], paths, { caption: `What ${a.name} and ${b.name} differ in`, empty: "The two documents are equal." });
}

export function documentsCard(experiment, variants, documentLink) {
  const place = element("div");
  const names = variants.map((one) => [one.name, one.name]);
  const reference = variants.find((one) => one.name === "baseline") ?? variants[0];
  let a = reference.name, b = (variants.find((one) => one !== reference) ?? reference).name;
  const find = (name) => variants.find((one) => one.name === name);
  function show() {
    clear(place);
    append(place, [a !== b && difference(find(a), find(b)),
      element("details", {}, element("summary", {}, "Layers of ", named(b)), layerTable(find(b).layers)),
      element("details", {}, element("summary", {}, "Resolved document of ", named(b)), element("pre", { tabindex: "0" }, JSON.stringify(find(b).document, null, 2)))]);
  }
  show();
  return card("Documents", element("div", { class: "controls" },
    variants.length > 1 && select("compare", names, a, (value) => { a = value; show(); }), select(variants.length > 1 ? "with" : "variant", names, b, (value) => { b = value; show(); }),
    element("a", { href: documentLink, download: true }, "As submitted")), place,
    experiment.overrides.length > 0 && element("p", { class: "note" }, "Submitted with: ", experiment.overrides.map((text) => [element("code", {}, named(text)), " "])));
}
