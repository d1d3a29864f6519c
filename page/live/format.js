// Numbers and times as people read them.

// `digits` significant ones; what is not finite by its name, what is not there as a dash.
export function number(value, digits = 4) {
  if (value === null || value === undefined) return "–";
  if (typeof value === "string") return { Infinity: "∞", "-Infinity": "−∞" }[value] ?? value;
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text = size >= 1e6 || size < 1e-3 ? value.toExponential(digits - 1) : value.toPrecision(digits);
  return (text.includes("e") ? text : String(Number(text))).replace("-", "−").replace("e−", "e-").replace("e+", "e");
}

export const signed = (value, digits) => (typeof value === "number" && value > 0 ? "+" : "") + number(value, digits);

const scales = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]];
function scaled(value, unit) {
  if (value === null || value === undefined) return "–";
  for (const [size, letter] of scales) if (Math.abs(value) >= size) return `${number(value / size, 3)} ${letter}${unit}`;
  return `${number(value, 3)} ${unit}`.trim();
}
export const bytes = (value) => scaled(value, "B");
export const count = (value) => scaled(value, "");

export function duration(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "–";
  if (seconds < 60) return `${number(seconds, 2)} s`;
  const parts = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  const first = parts.findIndex(([size]) => seconds >= size);
  const [size, unit] = parts[first], next = parts[first + 1];
  const rest = next ? Math.floor((seconds % size) / next[0]) : 0;
  return `${Math.floor(seconds / size)} ${unit}${rest ? ` ${rest} ${next[1]}` : ""}`;
}

export const since = (time) => (time ? `${duration(Math.max(0, (Date.now() - Date.parse(time)) / 1000))} ago` : "–");
export const clock = (time) => (time ? new Date(time).toLocaleString() : "–");
