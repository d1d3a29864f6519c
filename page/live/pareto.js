// A metric against one of its costs: which variants no other one beats in both.
import { element } from "./dom.js";
import { bytes, count, duration, number } from "./format.js";
import { lineColor } from "./palette.js";

const costs = {
  weight_bytes: ["bytes of weights", bytes], train_seconds: ["seconds of training", (value) => (value < 600 ? `${number(value, 4)} s` : duration(value))], joules: ["energy", (value) => `${count(value)}J`],
  state_bytes: ["bytes of state", bytes], peak_bytes: ["peak memory", bytes],
};
const width = 420, height = 220, left = 62, right = 16, top = 14, bottom = 40;

function svg(tag, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function scale(values, from, to) {
  const low = Math.min(...values), high = Math.max(...values);
  const room = high > low ? (high - low) * 0.12 : Math.abs(high) * 0.1 || 1;
  return { low: low - room, high: high + room, at: (value) => from + ((value - low + room) / (high - low + 2 * room)) * (to - from) };
}

export function paretoPicture(comparison, front, colors) {
  const [name, show] = costs[front.cost] ?? [front.cost, number];
  const points = comparison.variants.filter((one) => Number.isFinite(one.mean) && Number.isFinite(one[front.cost]));
  const x = scale(points.map((one) => one[front.cost]), left, width - right), y = scale(points.map((one) => one.mean), height - bottom, top);
  const worth = new Set(front.variants);
  const edge = points.filter((one) => worth.has(one.name)).sort((a, b) => a[front.cost] - b[front.cost]);
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${comparison.metric} against ${name}. Worth their cost: ${front.variants.join(", ")}.` },
    svg("path", { class: "axis", d: `M${left} ${top}V${height - bottom}H${width - right}` }),
    svg("polyline", { class: "front", points: edge.map((one) => `${x.at(one[front.cost])},${y.at(one.mean)}`).join(" ") }));
  const label = (at, text, attributes) => picture.append(svg("text", { ...at, ...attributes }, text));
  for (const share of [0.1, 0.5, 0.9]) {
    const cost = x.low + share * (x.high - x.low), value = y.low + share * (y.high - y.low);
    label({ x: x.at(cost), y: height - bottom + 16 }, show(cost), { class: "tick", "text-anchor": "middle" });
    label({ x: left - 6, y: y.at(value) + 4 }, number(value, 4), { class: "tick", "text-anchor": "end" });
  }
  label({ x: (left + width - right) / 2, y: height - 6 }, name, { class: "tick", "text-anchor": "middle" });
  for (const one of points) {
    const mark = svg("circle", { cx: x.at(one[front.cost]), cy: y.at(one.mean), r: worth.has(one.name) ? 6 : 4.5, "stroke-width": 2 });
    mark.style.stroke = lineColor(colors(one.name));
    mark.style.fill = worth.has(one.name) ? lineColor(colors(one.name)) : "none";
    mark.append(svg("title", {}, `${one.name}: ${number(one.mean, 5)}, ${show(one[front.cost])}${worth.has(one.name) ? "" : " (beaten in both)"}`));
    picture.append(mark);
  }
  return element("figure", {}, element("figcaption", {}, `${comparison.metric} against ${name}: filled is worth its cost`), picture);
}
