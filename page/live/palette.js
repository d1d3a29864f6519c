// Colours of lines and of heat. Okabe and Ito's palette without its yellow and black, so that colour-blind readers tell
// the lines apart; lightened on dark paper.

export const dark = matchMedia("(prefers-color-scheme: dark)");
const lines = {
  light: ["#0072b2", "#d55e00", "#007a5a", "#a34f8e", "#8a6100", "#3b4ba8", "#5c5c5c", "#b0301c"],
  dark: ["#4aa8e0", "#f07c33", "#2fc79b", "#dd8fc0", "#f2b844", "#a3aef7", "#b9b9b9", "#ff9a8a"],
};
const patterns = [null, [7, 3], [2, 2], [9, 3, 2, 3]];

export const lineColor = (i) => lines[dark.matches ? "dark" : "light"][i % lines.light.length];
export const linePattern = (i) => patterns[Math.floor(i / lines.light.length) % patterns.length];
export const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// Calls `paint` when the paper turns dark or light, until the scope ends.
export function onScheme(scope, paint) {
  dark.addEventListener("change", paint);
  scope.onEnd(() => dark.removeEventListener("change", paint));
}

// Viridis at nine places (van der Walt and Smith), 0 … 1.
const heat = ["#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30", "#fde725"]
  .map((hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)));
export function heatColor(share) {
  const place = Math.min(Math.max(share, 0), 1) * (heat.length - 1);
  const low = Math.min(Math.floor(place), heat.length - 2);
  const mixed = heat[low].map((part, i) => Math.round(part + (heat[low + 1][i] - part) * (place - low)));
  return `rgb(${mixed.join(",")})`;
}
