// Shared by both pages: colours, number formats, axes. `data` is what fp4-quantize computed.
const data = JSON.parse(document.getElementById("data").textContent);
for (const element of document.querySelectorAll(".js")) element.hidden = false;

const dark = window.matchMedia("(prefers-color-scheme: dark)");
// Okabe and Ito's palette without its yellow and black, so that colour-blind readers tell the lines
// apart; lightened on dark paper. Beyond six, dashes go on where colours repeat.
const palettes = {
  light: ["#0072b2", "#d55e00", "#009e73", "#b3589a", "#e69f00", "#3aa0dc"],
  dark: ["#4aa8e0", "#f07c33", "#2fc79b", "#dd8fc0", "#f2b844", "#8fd0f7"],
};
const dashes = [[], [7, 3], [2, 2], [9, 3, 2, 3]];
const color = (i) => palettes[dark.matches ? "dark" : "light"][i % 6];
const dash = (i) => dashes[Math.floor(i / 6) % dashes.length];
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const faint = (hex, alpha) => hex + Math.round(alpha * 255).toString(16).padStart(2, "0");
const grey = () => (dark.matches ? "#8d98a8" : "#7b8594");

// Four significant digits, exponents only where they are shorter.
function text(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  const short = size >= 1e5 || size < 1e-3 ? value.toExponential(3) : value.toPrecision(4);
  return String(Number(short)).replace("-", "−").replace("e−", "e-");
}
const percent = (value) => (value === null ? "–" : text(value) + " %");
const superscript = (n) => String(n).replace("-", "⁻").replace(/\d/g, (d) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[d]);

// Of an axis of powers of ten: only the powers are labelled, thinned where there are many.
function powerTick(value, index, ticks) {
  const exponent = Math.round(Math.log10(value));
  if (Math.abs(value / 10 ** exponent - 1) > 1e-9) return null;
  const decades = Math.log10(ticks[ticks.length - 1].value / ticks[0].value);
  if (exponent % Math.max(1, Math.ceil(decades / 8)) !== 0) return null;
  return exponent >= -2 && exponent <= 3 ? String(10 ** exponent).replace(/^0?\./, "0.") : "10" + superscript(exponent);
}

// Of an ordinary axis: with exponents where Chart.js would write many zeros.
function plainTick(value, index, ticks) {
  const size = Math.max(...ticks.map((tick) => Math.abs(tick.value)));
  return size > 0 && (size < 1e-3 || size >= 1e7) ? text(value) : Chart.Ticks.formatters.numeric.call(this, value, index, ticks);
}

function axis(title, more = {}) {
  const { ticks = {}, ...rest } = more;
  const labels = rest.type === "category" ? {} : { callback: rest.type === "logarithmic" ? powerTick : plainTick };
  return {
    type: "linear",
    title: { display: true, text: title, color: css("--muted") },
    grid: { color: css("--line"), borderColor: css("--line"), tickColor: css("--line") },
    ticks: { color: css("--muted"), maxRotation: 0, autoSkipPadding: 12, includeBounds: false, ...labels, ...ticks },
    ...rest,
  };
}

// Of positive values: powers of ten where they span more than one, else an ordinary axis around them.
function spreadAxis(title, values, most = Infinity) {
  const known = values.filter((value) => value > 0).map((value) => Math.min(value, most));
  const low = Math.min(...known), high = Math.max(...known);
  if (known.length > 0 && high / low > 10) {
    return axis(title, { type: "logarithmic", min: 10 ** Math.floor(Math.log10(low)), max: 10 ** Math.ceil(Math.log10(high)) });
  }
  return axis(title, { beginAtZero: true, grace: "5%" });
}

// A chart without animation that fills its box. `label` makes a tooltip's line from its item.
function draw(canvas, type, datasets, scales, label, options = {}) {
  const { legend = false, title, labels, ...more } = options;
  const callbacks = { label };
  if (title) callbacks.title = title;
  return new Chart(canvas, {
    type,
    data: { datasets, labels },
    options: {
      animation: false,
      maintainAspectRatio: false,
      parsing: type === "bar" ? undefined : false,
      interaction: { mode: "nearest", intersect: false },
      scales,
      plugins: {
        legend: { display: legend, labels: { color: css("--text"), boxWidth: 8, boxHeight: 8, usePointStyle: true } },
        tooltip: { callbacks },
      },
      ...more,
    },
  });
}

// A histogram as a stepped line over its bins: percentages of all values.
function steps(shares, [low, high]) {
  const width = (high - low) / shares.length;
  const points = shares.map((y, i) => ({ x: low + i * width, y }));
  points.push({ x: high, y: shares[shares.length - 1] });
  return points;
}
const binText = (point, bins, count) =>
  `${text(point.x)} … ${text(point.x + (bins[1] - bins[0]) / count)}: ${percent(point.y)}`;

// An axis of shares starts where a single value would be seen.
function shareAxis(total) {
  const min = 10 ** Math.floor(Math.log10(100 / Math.max(total, 2)));
  return axis("share of values (%)", { type: "logarithmic", min, max: 100 });
}

function diagonal(low, high) {
  return { label: "y = x", type: "line", data: [{ x: low, y: low }, { x: high, y: high }], borderColor: grey(),
           borderDash: [4, 4], borderWidth: 1, pointRadius: 0, pointHitRadius: 0 };
}
