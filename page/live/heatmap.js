// How a number of every layer moves over the steps: a row for each layer, a colour for each value.
import { clear, element, named, table } from "./dom.js";
import { number } from "./format.js";
import { css, heatColor, onScheme } from "./palette.js";

const kRow = 18, kAxis = 24;

// `rows`: [{name, steps, values}] with values null where there is none.
export class HeatMap {
  constructor(scope, title) {
    this.title = title;
    this.canvas = element("canvas", { tabindex: "0", role: "img", onkeydown: (event) => this.key(event),
      onmousemove: (event) => this.point(event), onmouseleave: () => this.say(null) });
    this.hover = element("p", { class: "hover", "aria-live": "polite" });
    this.names = element("ol", { class: "layers" });
    this.scale = element("p", { class: "note" });
    this.numbers = element("details", {}, element("summary", {}, "The last values as a table"));
    this.root = element("div", { class: "heat" }, element("div", { class: "heat-rows" }, this.names, element("div", { class: "heat-cells" }, this.canvas)), this.hover, this.scale, this.numbers);
    this.cell = null;
    onScheme(scope, () => this.draw());
    const sizes = new ResizeObserver(() => this.draw());
    sizes.observe(this.root);
    scope.onEnd(() => sizes.disconnect());
  }

  show(rows) {
    this.rows = rows;
    this.steps = [...new Set(rows.flatMap((row) => row.steps))].sort((a, b) => a - b);
    const finite = rows.flatMap((row) => row.values).filter((value) => Number.isFinite(value));
    this.low = Math.min(...finite);
    this.high = Math.max(...finite);
    // Errors lie over decades; what may be below zero, as decibels, does not.
    this.log = finite.length > 0 && this.low > 0 && this.high / this.low > 20;
    this.names.replaceChildren(...rows.map((row) => element("li", { title: row.name }, named(row.name))));
    this.scale.textContent = finite.length === 0 ? "No values yet." : `From ${number(this.low, 3)} (dark) to ${number(this.high, 3)} (light)${this.log ? ", by powers" : ""}; grey: no value, or one that is not finite.`;
    this.numbers.replaceChildren(this.numbers.firstChild, table([
      { head: "Layer", key: (row) => row.name, cell: (row) => element("code", {}, named(row.name)) },
      { head: "Step", numeric: true, key: (row) => row.steps.at(-1), cell: (row) => (row.steps.at(-1) ?? "–").toLocaleString() },
      { head: this.title, numeric: true, key: (row) => row.values.at(-1), cell: (row) => number(row.values.at(-1)) },
    ], rows, { caption: `Last values of ${this.title}` }));
    this.canvas.setAttribute("aria-label", `${this.title} of ${rows.length} layers over ${this.steps.length} steps. Arrow keys read values.`);
    this.draw();
  }

  share(value) {
    if (this.high === this.low) return 0.5;
    return this.log ? Math.log(value / this.low) / Math.log(this.high / this.low) : (value - this.low) / (this.high - this.low);
  }

  // The row's values by the places of all steps.
  valueAt(row, column) {
    const i = row.steps.indexOf(this.steps[column]);
    return i < 0 ? null : row.values[i];
  }

  draw() {
    if (!this.rows) return;
    const width = Math.max(60, this.canvas.parentElement.clientWidth), height = this.rows.length * kRow + kAxis;
    const density = devicePixelRatio || 1;
    if (this.canvas.width !== Math.round(width * density) || this.canvas.height !== Math.round(height * density)) {
      this.canvas.width = Math.round(width * density);
      this.canvas.height = Math.round(height * density);
      this.canvas.style.height = `${height}px`;
    }
    const paper = this.canvas.getContext("2d");
    paper.setTransform(density, 0, 0, density, 0, 0);
    paper.clearRect(0, 0, width, height);
    const wide = this.wide = width / Math.max(1, this.steps.length);
    const places = new Map(this.steps.map((step, i) => [step, i]));
    this.rows.forEach((row, y) => {
      paper.fillStyle = css("--line");
      paper.fillRect(0, y * kRow + 1, width, kRow - 2);
      row.steps.forEach((step, i) => {
        if (!Number.isFinite(row.values[i])) return;
        paper.fillStyle = heatColor(this.share(row.values[i]));
        paper.fillRect(places.get(step) * wide, y * kRow + 1, wide + 0.5, kRow - 2);
      });
    });
    this.axis(paper, width, height);
    if (this.cell) {
      paper.strokeStyle = css("--text");
      paper.lineWidth = 2;
      paper.strokeRect(this.cell.column * wide, this.cell.row * kRow, Math.max(wide, 3), kRow);
    }
  }

  axis(paper, width, height) {
    if (this.steps.length === 0) return;
    paper.fillStyle = css("--muted");
    paper.font = "12px system-ui, sans-serif";
    paper.textBaseline = "bottom";
    const first = this.steps[0].toLocaleString(), last = this.steps.at(-1).toLocaleString();
    paper.textAlign = "left";
    paper.fillText(this.steps.length > 1 ? first : `step ${first}`, 0, height - 4);
    if (this.steps.length < 2) return;
    paper.textAlign = "right";
    paper.fillText(`step ${last}`, width, height - 4);
  }

  point(event) {
    const box = this.canvas.getBoundingClientRect();
    this.say({ row: Math.floor((event.clientY - box.top) / kRow), column: Math.floor((event.clientX - box.left) / this.wide) });
  }

  say(cell) {
    const row = cell && this.rows?.[cell.row];
    this.cell = row && cell.column >= 0 && cell.column < this.steps.length ? cell : null;
    if (this.cell) this.hover.replaceChildren(named(row.name), `, step ${this.steps[cell.column].toLocaleString()}: ${number(this.valueAt(row, cell.column), 5)}`);
    else clear(this.hover);
    this.draw();
  }

  key(event) {
    const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    if (!moves[event.key] || !this.rows?.length) return;
    event.preventDefault();
    const [down, right] = moves[event.key];
    const within = (value, size) => Math.min(Math.max(value, 0), size - 1);
    const from = this.cell ?? { row: 0, column: -right };
    this.say({ row: within(from.row + down, this.rows.length), column: within(from.column + right, this.steps.length) });
  }
}
