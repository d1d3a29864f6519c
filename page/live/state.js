// A run's state and findings, as small texts with a colour that is never the only sign.
import { element, named } from "./dom.js";

export const stateOf = (run) => element("span", { class: `state ${run.state}` }, run.state);

// Why it is as it is, as far as its state does not say it.
export function reasonOf(run) {
  const parts = [];
  if (run.reason && run.reason !== run.state) parts.push(run.reason);
  if (run.message) parts.push(run.message);
  return parts.join(": ");
}

export const progressOf = (run) => {
  const text = run.total_steps ? `${run.step.toLocaleString()} / ${run.total_steps.toLocaleString()}` : run.step.toLocaleString();
  return element("span", { class: "progress" }, element("progress", { max: run.total_steps || 1, value: Math.min(run.step, run.total_steps || 1), "aria-label": text }), text);
};

export function findings(list, of = null) {
  return element("ul", { class: "findings" }, list.map((one) => element("li", { class: one.severity },
    element("strong", {}, one.severity, ": "), of?.(one), one.layer && [element("code", {}, named(one.layer)), ": "], one.message, " ", element("code", { class: "code" }, one.code))));
}
