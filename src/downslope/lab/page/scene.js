// What is on the stage: a document, the clock that plays it, and who wears which colour. Indexing only.
import { DASHES } from "./theme.js";
import { said } from "./words.js";

/** @typedef {import("./types.js").Run} Run */
/** @typedef {"epochs"|"updates"|"seconds"} Measure */
/** @typedef {{length: number, frames: number[][], measure: Measure}} Clock  frames[run][tick] */
/** @typedef {{lab: import("./types.js").Lab, colours: import("./theme.js").Look, scale: string, selected: number, clock: Clock,
 *   turn: number, tilt: number, count: number, window: number[][]|null, guess: number|null, veiled: boolean}} Scene  window: what the person zoomed to; guess: a weight that was
 *   predicted; veiled: what comes is not shown before it is predicted */
/** @typedef {{width: number, height: number, small: boolean}} Size */
/** @typedef {import("./pen.js").CanvasPen|import("./pen.js").SvgPen} Pen */
/** A picture: what stands still, what moves, and the same as a table.
 * @typedef {{ground: (pen: Pen, size: Size) => void, moving: (pen: Pen, size: Size, tick: number) => void,
 *   table: (tick: number) => import("./types.js").Table, about: string,
 *   frame?: (size: Size) => import("./axes.js").Frame}} View */

/** Where a run stands at one of its frames. @param {Run} run @param {number} frame @param {Measure} measure */
export function along(run, frame, measure) {
  if (measure === "epochs") return run.frame_epoch[frame];
  if (frame === 0) return 0;
  return measure === "updates" ? run.trace.step[frame - 1] : run.trace.seconds[frame - 1];
}

/** The last frame that is played: a run that flew away is frozen there. @param {Run} run */
export function lastFrame(run) {
  if (run.error) return 0;
  const last = run.frame_epoch.length - 1;
  return run.diverged ? Math.min(run.diverged.frame, last) : last;
}

/** How far the pale line goes that shows what comes. @param {Scene} scene @param {Run} run */
export function ahead(scene, run) {
  return scene.veiled ? 0 : lastFrame(run);
}

/** One clock for all runs: every place that any of them records. @param {Run[]} runs @param {Measure} measure @returns {Clock} */
export function clockOf(runs, measure) {
  const good = runs.filter((run) => !run.error);
  if (good.length === 1) {
    const length = lastFrame(good[0]) + 1;
    return { length, measure, frames: runs.map((run) => (run.error ? [] : Array.from({ length }, (_, k) => k))) };
  }
  const places = new Set([0]);
  for (const run of good) for (let k = 1; k <= lastFrame(run); k += 1) places.add(along(run, k, measure));
  let ticks = [...places].sort((a, b) => a - b);
  const most = 3000;
  if (ticks.length > most) ticks = Array.from({ length: most }, (_, i) => ticks[Math.round((i * (ticks.length - 1)) / (most - 1))]);
  const frames = runs.map((run) => {
    if (run.error) return [];
    let k = 0;
    const last = lastFrame(run);
    return ticks.map((place) => {
      while (k < last && along(run, k + 1, measure) <= place) k += 1;
      return k;
    });
  });
  return { length: Math.max(1, ticks.length), measure, frames };
}

/** When each tick is shown, in seconds from the first: the first ten slowly, then as much as the picture changes.
 * @param {number[]} moved how much changes with each tick @param {number} seconds for all of them @returns {number[]} */
export function pacing(moved, seconds) {
  const total = moved.reduce((sum, by) => sum + by, 0) || 1;
  const slow = Math.min(0.25, seconds / 30); // of each of the first ten; no tick lasts longer than twice that
  const rest = Math.max(0, seconds - 10 * slow);
  let at = 0;
  return [0, ...moved.map((by, k) => (at += Math.min(2 * slow, (k < 10 ? slow : 0) + rest * (0.5 / moved.length + (0.5 * by) / total))))];
}

/** How far the weights of a run go with each tick. @param {Scene} scene @returns {number[]} */
export function movedBy(scene) {
  const chosen = chosenRun(scene);
  const columns = chosen?.run.params.columns ?? [];
  return Array.from({ length: scene.clock.length - 1 }, (_, k) => {
    if (!chosen) return 1;
    const [a, b] = [frameAt(scene, chosen.index, k), frameAt(scene, chosen.index, k + 1)];
    return Math.min(1e300, Math.hypot(...columns.map((column) => (column[b] ?? 0) - (column[a] ?? 0))));
  });
}

/** The frame of a run at a tick. @param {Scene} scene @param {number} run @param {number} tick */
export function frameAt(scene, run, tick) {
  const frames = scene.clock.frames[run] ?? [];
  return frames.length ? frames[Math.max(0, Math.min(tick, frames.length - 1))] : 0;
}

/** The runs that have something to show. @param {Scene} scene @returns {{run: Run, index: number, colour: string, dash: number[], name: string}[]} */
export function shownRuns(scene) {
  return scene.lab.runs
    .map((run, index) => ({
      run,
      index,
      colour: scene.colours.lines[index % scene.colours.lines.length],
      dash: DASHES[index % DASHES.length],
      name: said(run.label),
    }))
    .filter((shown) => !shown.run.error);
}

/** The run that is selected, or the first that ran. @param {Scene} scene */
export function chosenRun(scene) {
  const shown = shownRuns(scene);
  return shown.find((one) => one.index === scene.selected) ?? shown[0] ?? null;
}

/** F over all rows at each frame; where it was not computed, the loss that the step saw. @param {Run} run @returns {(number|null)[]} */
export function lossOf(run) {
  const known = run.full.filter((v) => v !== null).length;
  if (known > 1) return run.full;
  return [run.trace.loss[0] ?? null, ...run.trace.loss];
}

/** The keyframe to show at a frame: the last one not after it. @param {number[]} at @param {number} frame */
export function keyframe(at, frame) {
  let low = 0;
  let high = at.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (at[middle] <= frame) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** About `most` numbers between 0 and last, both included. @param {number} last @param {number} most @returns {number[]} */
export function evenly(last, most) {
  if (last < most) return Array.from({ length: last + 1 }, (_, i) => i);
  return [...new Set(Array.from({ length: most }, (_, i) => Math.round((i * last) / (most - 1))))];
}

/** Shorten a name. @param {string} name @param {number} most */
export function clipped(name, most) {
  return name.length > most ? name.slice(0, most - 1) + "…" : name;
}

/** What tells names apart: the parts between commas that not all of them share. @param {string[]} names @returns {string[]} */
export function apartFrom(names) {
  const parts = names.map((name) => name.split(/[,，]\s*/));
  return parts.map((own, i) => own.filter((part) => !parts.every((other) => other.includes(part))).join(", ") || names[i]);
}
