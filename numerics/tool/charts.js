// The nine charts: formats side by side.
const formats = data.formats;
const hidden = new Set();
const figureOf = [];  // elements of small multiples, by format
let drawn = [];

const line = (i, points, more = {}) => ({
  label: formats[i].label, format: i, data: points, borderColor: color(i), backgroundColor: color(i), borderDash: dash(i),
  borderWidth: 2, pointRadius: 0, pointHitRadius: 6, hidden: hidden.has(i), ...more,
});
const named = (say) => (item) => `${item.dataset.label}: ${say(item.raw, item)}`;
const canvasOf = (id) => document.getElementById(id);
const labels = formats.map((format) => format.label);
const octaves = (value) => (value > 0 ? Math.log2(value) : null);

// One bar a format; `parts` are datasets with a value for each.
function bars(id, parts, title, say, stacked) {
  const datasets = parts.map(({ label, values, alpha }) => ({
    label, data: values, backgroundColor: formats.map((_, i) => faint(color(i), alpha)), borderWidth: 0, minBarLength: 3,
    borderSkipped: false,
  }));
  const scales = {
    x: axis(title, { stacked, ...(stacked ? { beginAtZero: true } : {}) }),
    y: axis("", { type: "category", labels, stacked, title: { display: false }, grid: { display: false },
                  ticks: { color: css("--text"), autoSkip: false, callback: (i) => broken(labels[i]), font: { size: 11 } } }),
  };
  const canvas = canvasOf(id);
  canvas.parentNode.style.minHeight = `${Math.max(12, 4 + formats.reduce((sum, format) => sum + 0.9 + broken(format.label).length, 0))}rem`;
  return draw(canvas, "bar", datasets, scales, say, { indexAxis: "y", labels, interaction: { mode: "y", intersect: false } });
}
// "nvfp4:block=16x16,seed=1" over several lines, so that it leaves room for bars.
const broken = (label) => label.split(/(?<=[:,])/).map((part) => (part.length > 20 ? part.slice(0, 19) + "…" : part));

function drawRange(id, low, title) {
  const span = ({ range }) => (range[low] > 0 ? [octaves(range[low]), octaves(range.largest)] : null);
  return bars(id, [{ label: title, values: formats.map(span), alpha: 1 }], title + ", octaves (2ⁿ)", (item) => {
    const range = formats[item.dataIndex].range;
    return `from ${text(range[low])} to ${text(range.largest)}: ${text(octaves(range.largest / range[low]))} octaves`;
  });
}

function drawScale() {
  const shares = (format) => format.error_by_scale.map((error) => (error > 0 ? 100 * error : null));
  const datasets = formats.map((format, i) => line(i, shares(format).map((y, k) => ({ x: data.scales[k], y }))));
  const scales = {
    x: axis("standard deviation of the weight", { type: "logarithmic" }),
    y: spreadAxis("RMS error / RMS of the weight (%)", formats.flatMap(shares)),
  };
  return draw(canvasOf("scale"), "line", datasets, scales, named((p) => percent(p.y)),
    { title: ([item]) => (item ? "σ = " + text(item.raw.x) : "") });
}

function drawErrors() {
  const datasets = formats.map((format, i) => line(i, steps(format.errors, data.error_bins), { stepped: true }));
  const scales = { x: axis("decoded − original"), y: shareAxis(data.num_values) };
  return draw(canvasOf("errors"), "line", datasets, scales, named((p) => binText(p, data.error_bins, formats[0].errors.length)),
    { title: () => "" });
}

// Down to where the last format has lost everything, and a little further.
function drawMagnitude() {
  const lost = (k) => formats.every((format) => format.error_by_magnitude[k] >= 1);
  let bins = formats[0].error_by_magnitude.length;
  while (bins > 6 && lost(bins - 4)) --bins;
  const shares = (format) => format.error_by_magnitude.slice(0, bins).map((error) => (error > 0 ? 100 * error : null));
  const datasets = formats.map((format, i) => line(i, shares(format).map((y, k) => ({ x: -(k + 0.5) / 2, y }))));
  const scales = {
    x: axis("size of the value, octaves below the block's maximum (2ⁿ)", { min: -bins / 2, max: 0 }),
    y: spreadAxis("largest relative error (%)", formats.flatMap(shares), 1000),
  };
  return draw(canvasOf("magnitude"), "line", datasets, scales, named((p) => percent(p.y)),
    { title: ([item]) => (item ? `2^${item.raw.x} = ${text(2 ** item.raw.x)}` : "") });
}

function drawSchemes() {
  const datasets = formats.map((format, i) => ({
    label: format.label, format: i, data: format.sqnr, backgroundColor: color(i), hidden: hidden.has(i), categoryPercentage: 0.8,
    barPercentage: 0.95,
  }));
  const scales = {
    x: axis("", { type: "category", labels: data.schemes.map((name) => name.split(" ")), title: { display: false }, grid: { display: false },
                  ticks: { autoSkip: false, color: css("--text"), font: { size: 11 } } }),
    y: axis("SQNR (dB)"),
  };
  return draw(canvasOf("schemes"), "bar", datasets, scales, (item) => `${item.dataset.label}: ${text(item.raw)} dB`,
    { labels: data.schemes, title: ([item]) => (item ? data.schemes[item.dataIndex] : "") });
}

function drawMemory() {
  return bars("memory", [
    { label: "elements", values: formats.map((format) => format.bits_per_element), alpha: 1 },
    { label: "scales and padding", values: formats.map((format) => format.bits_per_value - format.bits_per_element), alpha: 0.45 },
  ], "bits per value", (item) => {
    const format = formats[item.dataIndex];
    return item.datasetIndex === 0 ? `elements: ${text(item.raw)} bits`
      : `scales and padding: ${text(item.raw)} bits; in all ${text(format.bits_per_value)}, ${text(format.stored_mib)} MiB`;
  }, true);
}

// One small chart for each format, all with the same axes.
function multiples(id, caption, drawOne) {
  const box = document.getElementById(id);
  box.replaceChildren();
  const n = formats.length;
  box.style.setProperty("--columns", String(n <= 4 ? Math.max(n, 2) : n % 4 === 0 || n > 9 ? 4 : 3));
  return formats.map((format, i) => {
    const figure = box.appendChild(document.createElement("figure"));
    const title = figure.appendChild(document.createElement("figcaption"));
    title.appendChild(document.createElement("b")).textContent = format.label;
    title.append(caption(format));
    const place = figure.appendChild(document.createElement("div"));
    place.className = "canvas";
    const canvas = place.appendChild(document.createElement("canvas"));
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `${id} of ${format.label}`);
    figure.hidden = hidden.has(i);
    (figureOf[i] ||= new Set()).add(figure);
    return drawOne(canvas, format, i);
  });
}

function drawDistributions() {
  return multiples("distribution", () => "", (canvas, format, i) => {
    const original = { label: "original", data: steps(data.original, data.bins), stepped: true, borderWidth: 0, pointRadius: 0,
                       fill: "start", backgroundColor: faint(grey(), 0.35) };
    const decoded = line(i, steps(format.decoded, data.bins), { stepped: true, borderWidth: 1.5, borderDash: [], hidden: false });
    const scales = { x: axis("value", { min: data.bins[0], max: data.bins[1] }), y: shareAxis(data.num_values) };
    return draw(canvas, "line", [decoded, original], scales, named((p) => binText(p, data.bins, data.original.length)),
      { title: () => "" });
  });
}

function drawCorrelations() {
  const largest = Math.max(...formats.flatMap((format) => format.sample.map(([x, y]) => Math.max(Math.abs(x), Math.abs(y ?? 0)))));
  return multiples("correlation", (format) => ` r = ${format.correlation === null ? "–" : format.correlation.toFixed(5)}`, (canvas, format, i) => {
    const points = { label: format.label, data: format.sample.map(([x, y]) => ({ x, y })), pointRadius: 1.8, borderWidth: 0,
                     backgroundColor: faint(color(i), 0.6) };
    const scales = { x: axis("original", { min: -largest, max: largest }), y: axis("decoded", { min: -largest, max: largest }) };
    return draw(canvas, "scatter", [points, diagonal(-largest, largest)], scales,
      (item) => `${text(item.raw.x)} → ${text(item.raw.y)}`);
  });
}

function drawBoundaries() {
  const about = (format) => (format.exact ? ` ${format.num_boundaries} boundaries` : " too many steps to count; sampled");
  return multiples("boundaries", about, (canvas, format, i) => {
    const curve = line(i, format.staircase.map(([x, y]) => ({ x, y })), { borderWidth: 1.75, borderDash: [], hidden: false });
    const scales = { x: axis("original / block's maximum", { min: -1, max: 1 }), y: axis("decoded", { min: -1.1, max: 1.1, ticks: { stepSize: 0.5, callback: (v) => Math.abs(v) > 1 ? null : text(v) } }) };
    return draw(canvas, "line", [curve, diagonal(-1, 1)], scales, (item) => `${text(item.raw.x)} → ${text(item.raw.y)}`,
      { title: () => "" });
  });
}

// Shows or hides a format everywhere but where every format has a row of its own.
function applyHidden() {
  for (const chart of drawn) {
    chart.data.datasets.forEach((dataset, k) => {
      if (dataset.format !== undefined && chart.data.datasets.some((other) => other.format !== undefined && other.format !== dataset.format))
        chart.setDatasetVisibility(k, !hidden.has(dataset.format));
    });
    chart.update();
  }
  figureOf.forEach((figures, i) => { for (const figure of figures) figure.hidden = hidden.has(i); });
}

function makeLegend() {
  const legend = document.getElementById("legend");
  legend.replaceChildren();
  formats.forEach((format, i) => {
    const button = legend.appendChild(document.createElement("button"));
    button.type = "button";
    button.setAttribute("aria-pressed", String(!hidden.has(i)));
    const swatch = button.appendChild(document.createElement("span"));
    swatch.className = "swatch";
    swatch.style.borderTopColor = color(i);
    if (dash(i).length > 0) swatch.style.borderTopStyle = dash(i)[0] > 4 ? "dashed" : "dotted";
    button.append(format.label);
    button.addEventListener("click", () => {
      if (!hidden.delete(i)) hidden.add(i);
      button.setAttribute("aria-pressed", String(!hidden.has(i)));
      applyHidden();
    });
  });
}

function drawAll() {
  figureOf.length = 0;
  makeLegend();
  drawn = [drawRange("range-block", "in_block", "in a block"), drawRange("range-tensor", "block", "maxima of blocks"), drawScale(), drawErrors(), drawMagnitude(), drawSchemes(), drawMemory(), ...drawDistributions(),
           ...drawCorrelations(), ...drawBoundaries()];
}

drawAll();
dark.addEventListener("change", () => {
  for (const chart of drawn) chart.destroy();
  drawAll();
});
