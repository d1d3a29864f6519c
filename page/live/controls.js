// What is asked of curves: which metrics, and how they are drawn.
import { element, named } from "./dom.js";

const kKey = "fp4lab-look";
const standard = { bands: true, smoothing: 0, logX: false, logY: false };

function remembered() {
  try {
    return { ...standard, ...JSON.parse(localStorage.getItem(kKey) ?? "{}") };
  } catch {
    return { ...standard };
  }
}

// {root, look()}; `changed()` after each change. `bands`: whether there are seeds to average over.
export function lookControls({ bands, changed }) {
  const look = remembered();
  if (!bands) look.bands = false;
  const keep = () => { try { localStorage.setItem(kKey, JSON.stringify(look)); } catch { /* private windows keep nothing */ } changed(); };
  const check = (name, text) => element("label", {}, element("input", { type: "checkbox", checked: look[name], onchange: (event) => { look[name] = event.target.checked; keep(); } }), ` ${text}`);
  const value = element("output", {}, look.smoothing.toFixed(2));
  const range = element("input", { type: "range", min: 0, max: 0.99, step: 0.01, value: look.smoothing, oninput: (event) => {
    look.smoothing = Number(event.target.value);
    value.textContent = look.smoothing.toFixed(2);
    keep();
  } });
  const root = element("div", { class: "controls", role: "group", "aria-label": "How curves are drawn" },
    bands && check("bands", "mean over seeds"), check("logY", "log values"), check("logX", "log steps"), element("label", {}, "smoothing ", range, " ", value));
  return { root, look: () => look };
}

// Which metrics are shown; those of layers have a picture of their own. {root, chosen()}.
export function metricChoice(names, first, changed) {
  const chosen = new Set(first.filter((name) => names.includes(name)));
  if (chosen.size === 0 && names.length > 0) chosen.add(names[0]);
  const root = element("fieldset", { class: "choice" }, element("legend", {}, "Metrics"), names.map((name) =>
    element("label", {}, element("input", { type: "checkbox", checked: chosen.has(name), onchange: (event) => {
      if (event.target.checked) chosen.add(name); else chosen.delete(name);
      changed();
    } }), " ", named(name))));
  return { root, chosen: () => names.filter((name) => chosen.has(name)) };
}

export const select = (text, options, value, changed) => element("label", {}, `${text} `, element("select", { onchange: (event) => changed(event.target.value) },
  options.map(([key, label]) => element("option", { value: key, selected: key === value }, label))));
