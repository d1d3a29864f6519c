// One metric's curves, drawn by dygraphs: zoom asks the server again, keys do what the mouse does.
import { clear, element, named, swatch } from "./dom.js";
import { number } from "./format.js";
import { averaged, linesOfRuns, linesOfVariants, oddities, rowsOf } from "./curves.js";
import { css, lineColor, linePattern, onScheme } from "./palette.js";

// Its own legend measures itself by a style in an attribute, which the policy forbids; ours stands below the picture.
Dygraph.PLUGINS = Dygraph.PLUGINS.filter((plugin) => plugin !== Dygraph.Plugins.Legend);

const kMaxBandsOfRuns = 6;   // of minima and maxima: more would hide each other

export class Chart {
  // `load({from, to})` resolves to {width, curves}; `colors`: variant → index; `look()`: what the controls say.
  constructor(scope, title, { load, colors, look }) {
    Object.assign(this, { scope, title, load, colors, look });
    this.window = null;   // [from, to] of steps; null: all
    this.hidden = new Set();
    this.picture = element("div", { class: "curves", tabindex: "0", role: "img", onkeydown: (event) => this.key(event) });
    this.hover = element("p", { class: "hover", "aria-live": "polite" });
    this.legend = element("ul", { class: "legend" });
    this.note = element("p", { class: "note" });
    this.buttons = element("span", { class: "zoom" });
    for (const [sign, text, act] of [["+", "Zoom in", () => this.zoomBy(0.5)], ["−", "Zoom out", () => this.zoomBy(2)], ["⤢", "Show all steps", () => this.zoomTo(null)]]) {
      this.buttons.append(element("button", { type: "button", title: text, "aria-label": `${title}: ${text}`, onclick: act }, sign));
    }
    this.root = element("section", { class: "card chart" }, element("h3", {}, named(title), this.buttons), this.picture, this.hover, this.legend, this.note);
    onScheme(scope, () => this.draw());
    scope.onEnd(() => this.graph?.destroy());
  }

  async refresh() {
    const turn = (this.turn = (this.turn ?? 0) + 1);
    const [from, to] = this.window ?? [0, 0];
    const answer = await this.load({ from: Math.max(0, Math.floor(from)), to: Math.ceil(to) });
    if (turn !== this.turn || this.scope.over) return;   // a later zoom is on its way
    this.answer = answer;
    this.draw();
    performance.mark(`drawn ${this.title}`);   // for bench/page/measure.py
  }

  lines() {
    const { bands, smoothing } = this.look();
    const made = bands ? linesOfVariants(this.answer.curves, smoothing) : linesOfRuns(this.answer.curves, smoothing);
    return made.filter((line) => !this.hidden.has(line.variant));
  }

  draw() {
    if (!this.answer) return;
    const { bands, logX, logY } = this.look();
    const lines = this.drawn = this.lines();
    const withBands = bands || (this.answer.width > 1 && lines.length <= kMaxBandsOfRuns);
    const rows = lines.length > 0 ? rowsOf(lines, { bands: withBands, logX, logY }) : [];
    this.showLegend(bands);
    this.showNote(rows);
    this.hover.textContent = "";
    this.picture.setAttribute("aria-label", `${this.title}: ${lines.length} ${lines.length === 1 ? "line" : "lines"} over steps. Arrow keys read values, plus and minus zoom, 0 shows all.`);
    if (rows.length === 0) {
      this.graph?.destroy();
      this.graph = null;
      this.picture.replaceChildren(element("p", { class: "empty" }, this.empty()));
      return;
    }
    const options = this.options(lines, withBands, logX, logY);
    if (this.graph && this.kind === `${withBands}${lines.length}`) {
      this.graph.updateOptions({ file: rows, ...options });
    } else {
      this.graph?.destroy();
      clear(this.picture);
      this.kind = `${withBands}${lines.length}`;
      this.graph = new Dygraph(this.picture, rows, options);
    }
  }

  empty() {
    if (this.hidden.size > 0) return "All lines are hidden.";
    const any = this.answer.curves.some((curve) => curve.steps.length > 0);
    if (!any) return this.window ? "No values in these steps." : "No values yet.";
    return this.look().logY ? "No value above 0 to draw on a log axis." : "No finite value to draw.";
  }

  options(lines, withBands, logX, logY) {
    const many = lines.length > 12;
    const series = {};
    for (const line of lines) {
      const color = this.colors(line.variant);
      series[line.key] = { color: lineColor(color), strokePattern: linePattern(color), strokeWidth: this.look().bands ? 1.8 : many ? 0.9 : 1.4 };
    }
    return {
      labels: ["step", ...lines.map((line) => line.key)], series, colors: lines.map((line) => lineColor(this.colors(line.variant))),
      customBars: withBands, fillAlpha: 0.18, connectSeparatedPoints: true, drawPoints: false, drawAxesAtZero: false,
      logscale: logY, rightGap: 12, animatedZooms: false, highlightCircleSize: 3,
      highlightSeriesOpts: many ? { strokeWidth: 2.5 } : null, highlightSeriesBackgroundAlpha: many ? 0.55 : 1, highlightSeriesBackgroundColor: css("--card"),
      axisLineColor: css("--line"), gridLineColor: css("--line"), gridLineWidth: 0.6, axisLabelWidth: 58, axisLabelFontSize: 12,
      axes: {
        x: { logscale: logX, axisLabelFormatter: (value) => stepText(value), axisLabelWidth: 52 },
        y: { axisLabelFormatter: (value) => number(value, 3), axisLabelWidth: 56 },
      },
      dateWindow: this.window ? [...this.window] : null, valueRange: null,
      interactionModel: mouseOnly(),
      zoomCallback: (from, to) => this.zoomed(from, to),
      highlightCallback: (event, step, points, row, key) => this.read(step, points, key),
      unhighlightCallback: () => { this.hover.textContent = ""; },
    };
  }

  read(step, points, key) {
    const text = [`step ${Math.round(step).toLocaleString()}`];
    const shown = this.drawn.length > 12 && key ? points.filter((point) => point.name === key) : points;
    for (const point of shown) {
      const line = this.drawn.find((one) => one.key === point.name);
      if (line && Number.isFinite(point.yval)) text.push(`${line.label}: ${number(point.yval, 6)}`);
    }
    this.hover.replaceChildren(...text.flatMap((part, i) => [i ? " · " : "", named(part)]));
  }

  showLegend(bands) {
    const seen = new Map();
    for (const curve of this.answer.curves) {
      const entry = seen.get(curve.variant) ?? { runs: 0 };
      if (curve.steps.length > 0) entry.runs += 1;
      seen.set(curve.variant, entry);
    }
    if (this.legend.childElementCount === seen.size && this.legendKey === [...seen.keys()].join("\0") + bands) return;
    this.legendKey = [...seen.keys()].join("\0") + bands;
    this.legend.replaceChildren(...[...seen].map(([variant, { runs }]) => {
      const color = this.colors(variant);
      return element("li", {}, element("button", { type: "button", "aria-pressed": String(!this.hidden.has(variant)), onclick: (event) => {
        if (!this.hidden.delete(variant)) this.hidden.add(variant);
        event.currentTarget.setAttribute("aria-pressed", String(!this.hidden.has(variant)));
        this.draw();
      } }, swatch(lineColor(color), linePattern(color) !== null), named(variant), bands && runs > 1 ? ` (${runs} seeds)` : runs === 0 ? " (no values)" : ""));
    }));
  }

  showNote(rows) {
    const odd = oddities(this.answer);
    const parts = odd.slice(0, 3).map((one) => element("span", { class: "bad" }, named(one.label), `: ${one.what} from step ${one.step.toLocaleString()}. `));
    if (odd.length > 3) parts.push(element("span", { class: "bad" }, `And ${odd.length - 3} more runs with values that are not finite. `));
    if (averaged(this.answer) && rows.length > 0) {
      parts.push(this.look().bands ? `Each point is the mean of ${this.answer.width} steps; the band is the 95 % interval of the mean over seeds.`
        : `Each point is the mean of ${this.answer.width} steps${this.drawn.length <= kMaxBandsOfRuns ? "; the band goes from the lowest to the highest value" : ""}.`);
    } else if (this.look().bands && rows.length > 0 && this.drawn.some((line) => line.seeds > 1)) {
      parts.push("The band is the 95 % interval of the mean over seeds.");
    }
    this.note.replaceChildren(...parts);
  }

  zoomed(from, to) {
    const [low, high] = this.extremes();
    this.window = from <= low && to >= high ? null : [from, to];
    this.ask();
  }

  // Steps that there are, of what was last asked for without a window.
  extremes() {
    if (!this.window && this.graph) this.all = this.graph.xAxisExtremes();
    return this.all ?? [0, 1];
  }

  zoomTo(window) {
    this.extremes();
    this.window = window;
    this.graph?.updateOptions({ dateWindow: window, valueRange: null });
    this.ask();
  }

  ask() {
    performance.mark(`asked ${this.title}`);
    this.refresh().catch((error) => { if (!this.scope.over) this.note.textContent = error.message; });
  }

  zoomBy(factor, shift = 0) {
    if (!this.graph) return;
    const [low, high] = this.extremes();
    const [from, to] = this.window ?? [low, high];
    const middle = (from + to) / 2 + shift * (to - from), half = Math.max(1, ((to - from) / 2) * factor);
    const window = [Math.max(low, middle - half), Math.min(high, middle + half)];
    this.zoomTo(window[0] <= low && window[1] >= high ? null : window);
  }

  key(event) {
    const acts = {
      "+": () => this.zoomBy(0.5), "=": () => this.zoomBy(0.5), "-": () => this.zoomBy(2), 0: () => this.zoomTo(null), Escape: () => this.zoomTo(null),
      ArrowLeft: () => (event.shiftKey ? this.zoomBy(1, -0.25) : this.step(-1)), ArrowRight: () => (event.shiftKey ? this.zoomBy(1, 0.25) : this.step(1)),
    };
    if (!acts[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    acts[event.key]();
  }

  // The cursor, by keys.
  step(by) {
    if (!this.graph) return;
    const rows = this.graph.numRows();
    const now = this.graph.getSelection();
    const row = Math.min(Math.max((now < 0 ? (by > 0 ? -1 : rows) : now) + by * Math.max(1, Math.round(rows / 50)), 0), rows - 1);
    this.graph.setSelection(row);
    const points = this.graph.selPoints_ ?? [];
    this.read(this.graph.getValue(row, 0), points.map((point) => ({ name: point.name, yval: point.yval })), null);
  }
}

// A finger on a chart scrolls the page; the buttons zoom.
function mouseOnly() {
  const { touchstart, touchmove, touchend, ...rest } = Dygraph.defaultInteractionModel;
  return { ...rest, dblclick: (event, graph) => graph.resetZoom() };
}

function stepText(value) {
  if (!Number.isFinite(value)) return "";
  const size = Math.abs(value);
  if (size >= 1e6) return `${number(value / 1e6, 3)}M`;
  if (size >= 1e4) return `${number(value / 1e3, 3)}k`;
  return Number.isInteger(value) ? String(value) : number(value, 3);
}
