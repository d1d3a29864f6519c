// From what the server answers to rows that a chart draws. Pure.

// The 97.5 % quantile of Student's t for 1 … 30 degrees of freedom; beyond, nearly the normal's.
const t975 = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131,
  2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042];
const quantile = (degrees) => t975[degrees - 1] ?? 1.96 + 2.46 / degrees;

// The mean of the values and half of its 95 % interval; null where there is one value only.
export function meanAndHalf(values) {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n < 2) return [mean, null];
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  return [mean, quantile(n - 1) * Math.sqrt(variance / n)];
}

// An exponential moving average that forgets its start (Kingma and Ba's correction); gaps stay gaps.
export function smoothed(values, weight) {
  if (weight <= 0) return values;
  let sum = 0, mass = 0;
  return values.map((value) => {
    if (value === null || value === undefined) return null;
    sum = weight * sum + (1 - weight) * value;
    mass = weight * mass + (1 - weight);
    return sum / mass;
  });
}

// One line for each run: {key, label, variant, steps, middle, low, high}; low and high are null where nothing was averaged.
export function linesOfRuns(curves, smoothing) {
  return curves.filter((curve) => curve.steps.length > 0).map((curve) => ({
    key: curve.run, label: `${curve.variant}, seed ${curve.seed}`, variant: curve.variant, steps: curve.steps,
    middle: smoothed(curve.mean, smoothing),
    low: curve.low ?? null, high: curve.high ?? null,
  }));
}

// One line for each variant: the mean over its seeds and the interval of that mean. A step at which a seed has a value
// that is not finite has no mean.
export function linesOfVariants(curves, smoothing) {
  const variants = new Map();
  for (const curve of curves) {
    if (curve.steps.length === 0) continue;
    const places = variants.get(curve.variant) ?? variants.set(curve.variant, new Map()).get(curve.variant);
    smoothed(curve.mean, smoothing).forEach((value, i) => {
      const step = curve.steps[i];
      (places.get(step) ?? places.set(step, []).get(step)).push(value);
    });
  }
  return [...variants].map(([variant, places]) => {
    const steps = [...places.keys()].sort((a, b) => a - b);
    const middle = [], low = [], high = [];
    for (const step of steps) {
      const values = places.get(step);
      if (values.some((value) => value === null)) { middle.push(null); low.push(null); high.push(null); continue; }
      const [mean, half] = meanAndHalf(values);
      middle.push(mean);
      low.push(mean - (half ?? 0));
      high.push(mean + (half ?? 0));
    }
    return { key: variant, label: variant, variant, steps, middle, low, high, seeds: Math.max(...[...places.values()].map((v) => v.length)) };
  });
}

// dygraphs' rows: a step and one cell for each line, [low, middle, high] with bands. NaN makes a gap in a line, null is passed over.
export function rowsOf(lines, { bands, logX, logY }) {
  const fits = (value) => value !== null && value !== undefined && (!logY || value > 0);
  const steps = [...new Set(lines.flatMap((line) => line.steps))].filter((step) => !logX || step > 0).sort((a, b) => a - b);
  const place = new Map(steps.map((step, i) => [step, i]));
  const nothing = bands ? () => [null, null, null] : () => null;
  const rows = steps.map((step) => [step, ...lines.map(nothing)]);
  lines.forEach((line, column) => {
    line.steps.forEach((step, i) => {
      const row = place.get(step);
      if (row === undefined) return;
      const middle = fits(line.middle[i]) ? line.middle[i] : NaN;
      if (!bands) { rows[row][column + 1] = middle; return; }
      const low = fits(line.low?.[i]) ? line.low[i] : middle, high = fits(line.high?.[i]) ? line.high[i] : middle;
      rows[row][column + 1] = [low, middle, high];
    });
  });
  return rows;
}

// Whether a point of the curves stands for several values.
export const averaged = ({ curves }) => curves.some((curve) => curve.low?.some((value, i) => value !== curve.high[i]));

// What is not finite, in sentences: the first step of each run.
export function oddities({ curves }) {
  return curves.filter((curve) => curve.special.length > 0).map((curve) => {
    const [step, what] = curve.special[0];
    return { label: `${curve.variant}, seed ${curve.seed}`, what: what === "NaN" ? "NaN" : what.replace("Infinity", "∞"), step, count: curve.special.length };
  });
}
