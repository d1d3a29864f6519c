// The four panels of one tensor at a time.
const tensors = data.tensors;
const choice = document.getElementById("tensor");
const rows = [...document.querySelectorAll(".selectable tbody tr")];
let selected = 0;

const say = (id, words) => { document.getElementById(id).textContent = words; };
const count = (n) => n.toLocaleString("en");
// Of the sample, at most this many are drawn by index, so that single points can be told apart.
const kDrawnByIndex = 300;

// From the smallest to the largest of the finite values, never of no width.
function extent(values) {
  const known = values.filter((value) => value !== null);
  const low = Math.min(...known), high = Math.max(...known);
  if (known.length === 0 || (low === 0 && high === 0)) return [-1, 1];
  return low < high ? [low, high] : [low - Math.abs(low) / 2, high + Math.abs(high) / 2];
}

function drawValues(tensor) {
  const every = Math.ceil(tensor.sample.length / kDrawnByIndex);
  const sample = tensor.sample.filter((_, i) => i % every === 0);
  const missing = tensor.non_finite > 0 ? ` ${count(tensor.non_finite)} are not finite before or after and leave gaps in all panels.` : "";
  say("about-values", (sample.length === tensor.size ? "All values."
    : `${count(sample.length)} of ${count(tensor.size)} values, one drawn from each of as many equal parts; the same ones every time.`) + missing);
  const [low, high] = extent(sample.flatMap(([, x, y]) => [x, y]));
  const original = { label: "original", type: "scatter", data: sample.map(([x, y]) => ({ x, y })), pointRadius: 3, borderColor: grey(),
                     backgroundColor: "transparent", borderWidth: 1.25 };
  const decoded = { label: "decoded", type: "scatter", data: sample.map(([x, , y]) => ({ x, y })), pointRadius: 2,
                    backgroundColor: color(0), borderWidth: 0 };
  const scales = { x: axis("index in the flattened tensor", { min: 0, max: Math.max(1, tensor.size - 1), ticks: { precision: 0 } }),
                   y: axis("value", { suggestedMin: low, suggestedMax: high }) };
  return draw(document.getElementById("values"), "scatter", [decoded, original], scales,
    (item) => `${item.dataset.label} [${count(item.raw.x)}]: ${text(item.raw.y)}`, { legend: true });
}

function drawErrors(tensor) {
  const single = tensor.errors.length === tensor.size;
  say("about-errors", single ? "|original − decoded| of every value."
    : `|original − decoded| over all values, in ${count(tensor.errors.length)} stretches of about ${count(Math.round(tensor.size / tensor.errors.length))}: their largest and their mean.`);
  const series = (label, k, i) => ({
    label, data: tensor.errors.map((stretch) => ({ x: stretch[0], y: stretch[k] })), borderColor: color(i), backgroundColor: color(i),
    borderWidth: 1.5, pointRadius: single ? 2 : 0, pointHitRadius: 6,
  });
  const datasets = single ? [series("error", 2, 1)] : [series("largest", 2, 1), series("mean", 1, 0)];
  const scales = { x: axis("index in the flattened tensor", { min: 0, max: Math.max(1, tensor.size - 1), ticks: { precision: 0 } }),
                   y: axis("absolute error", { beginAtZero: true }) };
  return draw(document.getElementById("errors"), "line", datasets, scales, (item) => `${item.dataset.label}: ${text(item.raw.y)}`,
    { legend: !single, title: ([item]) => (item ? `from index ${count(item.raw.x)}` : "") });
}

function drawDistribution(tensor) {
  const outside = tensor.outside[0] + tensor.outside[1];
  say("about-distribution", `All finite values in ${tensor.original.length} bins.` + (outside > 0
    ? ` ${count(tensor.outside[0])} original and ${count(tensor.outside[1])} decoded ones lie beyond and are counted in the outermost bins.` : ""));
  const original = { label: "original", data: steps(tensor.original, tensor.bins), stepped: true, borderWidth: 0, pointRadius: 0,
                     fill: "start", backgroundColor: faint(grey(), 0.4) };
  const decoded = { label: "decoded", data: steps(tensor.decoded, tensor.bins), stepped: true, borderColor: color(0), borderWidth: 1.75,
                    pointRadius: 0, backgroundColor: "transparent" };
  const scales = { x: axis("value", { min: tensor.bins[0], max: tensor.bins[1] }), y: shareAxis(tensor.size) };
  return draw(document.getElementById("distribution"), "line", [decoded, original], scales,
    (item) => `${item.dataset.label} ${binText(item.raw, tensor.bins, tensor.original.length)}`, { legend: true, title: () => "" });
}

function drawCorrelation(tensor) {
  const points = tensor.sample.filter(([, x, y]) => x !== null && y !== null).map(([, x, y]) => ({ x, y }));
  const r = tensor.correlation !== null ? `r = ${tensor.correlation.toFixed(6)} over all values (Pearson)`
    : points.length > 0 ? "No r: one side is constant" : "No value is finite before and after";
  say("about-correlation", `${r}; ${points.length === tensor.size ? "every value is" : `${count(points.length)} are`} drawn.`);
  const [low, high] = extent(points.flatMap(({ x, y }) => [x, y]));
  const dots = { label: "values", data: points, pointRadius: points.length < 50 ? 4 : 2, borderWidth: 0, backgroundColor: faint(color(0), 0.6) };
  const scales = { x: axis("original", { min: low, max: high }), y: axis("decoded", { min: low, max: high }) };
  return draw(document.getElementById("correlation"), "scatter", [dots, diagonal(low, high)], scales,
    (item) => `${text(item.raw.x)} → ${text(item.raw.y)}`, { legend: true });
}

let drawn = [];
function drawAll() {
  const tensor = tensors[selected];
  drawn = [drawValues(tensor), drawErrors(tensor), drawDistribution(tensor), drawCorrelation(tensor)];
  return drawn;
}

function select(i, remember = true) {
  selected = (i + tensors.length) % tensors.length;
  choice.value = String(selected);
  for (const row of rows) row.classList.toggle("selected", Number(row.dataset.tensor) === selected);
  if (remember) history.replaceState(null, "", "#" + selected);
  for (const chart of drawn) chart.destroy();
  drawAll();
}

// Rows in the order of a column; what is not a number goes last.
function sortBy(column, header) {
  const descending = header.getAttribute("aria-sort") === "ascending";
  for (const other of header.parentNode.children) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", descending ? "descending" : "ascending");
  const key = (row) => row.children[column].dataset.value;
  const compare = (a, b) => {
    if (column === 0) return key(a).localeCompare(key(b), "en", { numeric: true });
    if (key(a) === "" || key(b) === "") return (key(a) === "") - (key(b) === "") || 0;
    return Number(key(a)) - Number(key(b));
  };
  const missing = (row) => column > 0 && key(row) === "";
  rows.sort((a, b) => missing(a) - missing(b) || (descending ? compare(b, a) : compare(a, b)));
  rows[0].parentNode.append(...rows);
}

tensors.forEach((tensor, i) => choice.add(new Option(tensor.name, String(i))));
document.getElementById("choice").hidden = tensors.length < 2;
choice.addEventListener("change", () => select(Number(choice.value)));
document.getElementById("previous").addEventListener("click", () => select(selected - 1));
document.getElementById("next").addEventListener("click", () => select(selected + 1));
for (const row of rows) row.addEventListener("click", () => select(Number(row.dataset.tensor)));
document.querySelectorAll(".selectable th button").forEach((button, column) =>
  button.addEventListener("click", () => sortBy(column, button.parentNode)));
selected = Math.min(tensors.length - 1, Math.max(0, parseInt(location.hash.slice(1), 10) || 0));
select(selected, false);
dark.addEventListener("change", () => select(selected, false));
