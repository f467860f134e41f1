// Colours and dashes: one pale hue for surfaces, Okabe–Ito for lines, each with its own dash. Read from the style sheet's theme.

/** @typedef {{dark: boolean, paper: string, ink: string, muted: string, rule: string, lines: string[], ghost: string,
 *   low: number[], high: number[], contour: string, classes: string[], accent: string}} Look */

export const DASHES = [[], [7, 4], [2, 4], [10, 4, 2, 4], [4, 3], [12, 5]];

/** @type {Look} */
const LIGHT = {
  dark: false,
  paper: "#ffffff",
  ink: "#20262d",
  muted: "#69737f",
  rule: "#e3e6ea",
  lines: ["#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"],
  ghost: "#4b6a88",
  low: [247, 250, 252],
  high: [150, 175, 200],
  contour: "rgba(70, 100, 130, 0.34)",
  classes: ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00"],
  accent: "#0072B2",
};

/** @type {Look} */
const DARK = {
  dark: true,
  paper: "#191d22",
  ink: "#e8ebee",
  muted: "#98a3af",
  rule: "#313840",
  lines: ["#FF8A3D", "#4AA8E0", "#2FC79B", "#E29AC3", "#F2B93B", "#8CD0F5"],
  ghost: "#a9c1da",
  low: [26, 34, 43],
  high: [74, 100, 127],
  contour: "rgba(190, 212, 235, 0.28)",
  classes: ["#4AA8E0", "#F2B93B", "#2FC79B", "#E29AC3", "#8CD0F5", "#FF8A3D"],
  accent: "#4AA8E0",
};

/** @returns {Look} the colours of the theme that is shown */
export function look() {
  return document.documentElement.dataset.theme === "dark" ? DARK : LIGHT;
}

/** "light" or "dark": the one asked for, else the system's wish. @param {string|null} asked */
export function wear(asked) {
  const wish = window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  document.documentElement.dataset.theme = asked === "dark" || asked === "light" ? asked : wish;
}

/** The surface's colour, share 0 (lowest) to 1. @param {Look} colours @param {number} share @returns {number[]} */
export function shade(colours, share) {
  return colours.low.map((low, i) => Math.round(low + (colours.high[i] - low) * Math.max(0, Math.min(1, share))));
}

/** @param {string} hex @returns {number[]} */
export function channels(hex) {
  return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
}
