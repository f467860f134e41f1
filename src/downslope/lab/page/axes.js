// From numbers to places on the picture: scales, ticks and the frame around them.
import { figure } from "./words.js";

/** @typedef {{at: (value: number) => number, value: (place: number) => number, ticks: (count: number) => number[],
 *   low: number, high: number, text: (value: number) => string}} Scale */
/** @typedef {{x: Scale, y: Scale, left: number, right: number, top: number, bottom: number, box: number[], small: boolean}} Frame */

/** @param {number} low @param {number} high @param {number} from @param {number} to @returns {Scale} */
export function linearScale(low, high, from, to) {
  if (!(high > low)) [low, high] = [low - Math.max(0.5, Math.abs(low) * 0.05), low + Math.max(0.5, Math.abs(low) * 0.05)];
  const unit = (to - from) / (high - low);
  return {
    low,
    high,
    at: (value) => from + (value - low) * unit,
    value: (place) => low + (place - from) / unit,
    ticks: (count) => {
      const rough = (high - low) / Math.max(1, count);
      const power = 10 ** Math.floor(Math.log10(rough));
      const step = power * ([1, 2, 5, 10].find((m) => m * power >= rough * 0.99) ?? 10);
      const ticks = [];
      for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i += 1) ticks.push(Number((i * step).toPrecision(12)));
      return ticks;
    },
    text: (value) => figure(value, 5),
  };
}

const RAISED = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

/** @param {number} low @param {number} high @param {number} from @param {number} to @returns {Scale} */
export function logScale(low, high, from, to) {
  const a = Math.log10(low);
  const b = Math.max(Math.log10(high), a + 0.3);
  const unit = (to - from) / (b - a);
  return {
    low,
    high: 10 ** b,
    at: (value) => (value > 0 ? from + (Math.log10(value) - a) * unit : from),
    value: (place) => 10 ** (a + (place - from) / unit),
    ticks: (count) => {
      const every = Math.max(1, Math.ceil((b - a) / Math.max(1, count)));
      const ticks = [];
      for (let e = Math.ceil(a - 1e-9); e <= b + 1e-9; e += 1) if (e % every === 0) ticks.push(10 ** e);
      if (b - a > 2.5) return ticks;
      return [1, 2, 5].flatMap((m) => [0, 1, 2, 3].map((e) => m * 10 ** (Math.floor(a) + e))).filter((v) => v >= low && v <= 10 ** b);
    },
    text: (value) => {
      const e = Math.log10(value);
      if (Math.abs(e - Math.round(e)) > 1e-6 || Math.abs(e) < 3) return figure(value, 4);
      return "10" + [...String(Math.round(e))].map((c) => RAISED[/** @type {keyof typeof RAISED} */ (c)]).join("");
    },
  };
}

/** @param {{width: number, height: number, small: boolean}} size @param {number[]} xs @param {number[]} ys
 * @param {{log?: boolean, equal?: boolean, right?: number}} [how] @returns {Frame} */
export function frameOf(size, xs, ys, how = {}) {
  const small = size.small;
  let [left, right, top, bottom] = small
    ? [5, size.width - 5, 5, size.height - 5]
    : [58, size.width - (how.right ?? 18), 16, size.height - 42];
  right = Math.max(right, left + 20);
  bottom = Math.max(bottom, top + 20);
  if (how.equal) {
    // One unit is as long on both axes: the shorter side is shown with more room around it.
    const unit = Math.min((right - left) / (xs[1] - xs[0]), (bottom - top) / (ys[1] - ys[0]));
    const spareX = (right - left) / unit - (xs[1] - xs[0]);
    const spareY = (bottom - top) / unit - (ys[1] - ys[0]);
    left += (spareX * unit) / 2;
    right -= (spareX * unit) / 2;
    top += (spareY * unit) / 2;
    bottom -= (spareY * unit) / 2;
  }
  const y = how.log ? logScale(ys[0], ys[1], bottom, top) : linearScale(ys[0], ys[1], bottom, top);
  return { x: linearScale(xs[0], xs[1], left, right), y, left, right, top, bottom, small, box: [left, top, right - left, bottom - top] };
}

/** @param {import("./pen.js").CanvasPen|import("./pen.js").SvgPen} pen @param {Frame} frame @param {import("./theme.js").Look} colours
 * @param {string} xName @param {string} yName @param {{grid?: boolean}} [how] */
export function drawAxes(pen, frame, colours, xName, yName, how = {}) {
  const { left, right, top, bottom } = frame;
  if (frame.small) return;
  const xTicks = frame.x.ticks(Math.max(2, (right - left) / 90));
  const yTicks = frame.y.ticks(Math.max(2, (bottom - top) / 52));
  if (how.grid !== false) {
    pen.pieces(yTicks.map((v) => [left, frame.y.at(v), right, frame.y.at(v)]), { stroke: colours.rule, width: 1 });
  }
  pen.pieces([[left, bottom, right, bottom]], { stroke: colours.muted, width: 1, alpha: 0.7 });
  for (const v of xTicks) pen.text(frame.x.text(v), frame.x.at(v), bottom + 14, { align: "center", colour: colours.muted, size: 12 });
  for (const v of yTicks) pen.text(frame.y.text(v), left - 7, frame.y.at(v), { align: "right", colour: colours.muted, size: 12 });
  pen.text(xName, (left + right) / 2, bottom + 32, { align: "center", colour: colours.ink, size: 12 });
  pen.text(yName, left - 46, (top + bottom) / 2, { align: "center", colour: colours.ink, size: 12, turn: true });
}

/** The smallest window around the finite values, with a little room. @param {(number|null|undefined)[]} values @param {number} [room] */
export function windowOf(values, room = 0.06) {
  let low = Infinity;
  let high = -Infinity;
  for (const v of values) {
    if (v === null || v === undefined || !Number.isFinite(v)) continue;
    if (v < low) low = v;
    if (v > high) high = v;
  }
  if (!(high >= low)) return [0, 1];
  const spare = (high - low) * room || Math.max(0.5, Math.abs(low) * 0.1);
  return [low - spare, high + spare];
}

/** Names at the ends of lines, pushed apart so that none covers another. @param {{y: number}[]} labels @param {number} gap
 * @param {number} top @param {number} bottom */
export function apart(labels, gap, top, bottom) {
  labels.sort((a, b) => a.y - b.y);
  for (let i = 1; i < labels.length; i += 1) labels[i].y = Math.max(labels[i].y, labels[i - 1].y + gap);
  let limit = bottom;
  for (let i = labels.length - 1; i >= 0; i -= 1) {
    labels[i].y = Math.max(top, Math.min(labels[i].y, limit));
    limit = labels[i].y - gap;
  }
}
