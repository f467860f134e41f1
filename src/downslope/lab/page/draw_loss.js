// The loss over epochs, and the weights over epochs.
import { figure, weightName, word } from "./words.js";
import { apart, drawAxes, frameOf, windowOf } from "./axes.js";
import { DASHES } from "./theme.js";
import { along, apartFrom, chosenRun, clipped, evenly, frameAt, lastFrame, lossOf, shownRuns } from "./scene.js";

/** @typedef {import("./scene.js").Scene} Scene */
/** @typedef {{colour: string, dash: number[], name: string, index: number, xs: number[], ys: (number|null)[], last: number,
 *   gone: {frame: number, value: number|null}|null}} Line */

/** @param {Scene} scene @returns {import("./scene.js").View} */
export function lossView(scene) {
  const shown = shownRuns(scene);
  const { least, scale } = lossScale(scene);
  const lines = shown.map((one) => {
    const values = lossOf(one.run);
    const last = lastFrame(one.run);
    return {
      ...one,
      xs: values.map((_, k) => along(one.run, k, scene.clock.measure)),
      ys: values.map((v) => (v === null ? null : scale === "minus" ? v - least : v)),
      last,
      gone: one.run.diverged,
    };
  });
  // What the rows held out say is a thin line of the same colour.
  const held = shown.flatMap((one) => {
    const values = one.run.trace.validation;
    if (!values) return [];
    const ys = [null, ...values].map((v) => (v === null ? null : scale === "minus" ? v - least : v));
    return [{ ...one, name: word("validation", { name: one.name }), dash: [1, 3], xs: ys.map((_, k) => along(one.run, k, scene.clock.measure)), ys, last: lastFrame(one.run), gone: null }];
  });
  const log = scale !== "linear";
  const name = scale === "minus" ? word("loss_minus") : word("loss");
  const view = linesView(scene, [...lines, ...held], lossLimits(scene, lines, log, scale === "minus" ? least : 0), log, name);
  return {
    ...view,
    table: (tick) => {
      const now = Math.max(0, ...shown.map((one) => frameAt(scene, one.index, tick)));
      return {
        head: [word(scene.clock.measure), ...shown.map((one) => one.name)],
        rows: evenly(now, 60).map((k) => [
          figure(along(shown[0].run, Math.min(k, lastFrame(shown[0].run)), scene.clock.measure)),
          ...shown.map((one) => figure(lossOf(one.run)[Math.min(k, lastFrame(one.run))])),
        ]),
      };
    },
    about: word("about_loss"),
  };
}

/** The scale that can be drawn: a logarithm needs numbers above zero. @param {Scene} scene */
export function lossScale(scene) {
  const all = shownRuns(scene).flatMap((one) => lossOf(one.run).slice(0, lastFrame(one.run) + 1));
  const finite = /** @type {number[]} */ (all.filter((v) => v !== null && Number.isFinite(v)));
  const lowest = finite.reduce((low, v) => Math.min(low, v), Infinity);
  const least = Math.min(scene.lab.problem.minimum?.loss ?? lowest, lowest);
  const highest = finite.reduce((high, v) => Math.max(high, v), -Infinity);
  // A loss that ends well above zero shows nothing on a logarithm; what is left above the minimum does.
  const wanted = scene.scale === "auto" ? (scene.lab.problem.minimum && least > highest * 1e-3 ? "minus" : "log") : scene.scale;
  return { least, scale: wanted === "log" && lowest < 0 ? "minus" : wanted };
}

/** @param {Scene} scene @param {Line[]} lines @param {boolean} log @param {number} less */
function lossLimits(scene, lines, log, less) {
  const scales = shownRuns(scene).map((one) => one.run.scales);
  const finite = /** @type {number[]} */ (lines.flatMap((line) => line.ys.slice(0, line.last + 1)).filter((v) => v !== null));
  const high = Math.max(...scales.map((s) => s.full[1] - less), 1e-300);
  if (!log) {
    const low = Math.min(...scales.map((s) => s.full[0]), ...finite) - less;
    return [Math.min(low, low >= 0 ? 0 : low), high + (high - low) * 0.04];
  }
  const positive = finite.filter((v) => v > 0).reduce((low, v) => Math.min(low, v), high);
  // A difference of two losses is rounding noise below 1e-16 of them; a loss itself may fall as far as it likes.
  const floor = less ? (high + Math.abs(less)) * 1e-16 : high * 1e-40;
  return [Math.min(Math.max(positive * 0.7, floor), high / 10), high * 1.6];
}

/** @param {Scene} scene @returns {import("./scene.js").View} */
export function weightsView(scene) {
  const chosen = chosenRun(scene);
  const shown = shownRuns(scene);
  const alone = scene.lab.problem.names.length === 1 || shown.every((one) => one.run.params.columns.length === 1);
  const runs = alone ? shown : chosen ? [chosen] : [];
  const lines = runs.flatMap((one) =>
    one.run.params.columns.slice(0, 24).map((column, j) => ({
      index: one.index,
      colour: alone ? one.colour : scene.colours.lines[j % scene.colours.lines.length],
      dash: alone ? one.dash : DASHES[Math.floor(j / 6 + j) % DASHES.length],
      name: alone && shown.length > 1 ? one.name : weightName(one.run.params.symbols[j], one.run.params.names[j]),
      xs: column.map((_, k) => along(one.run, k, scene.clock.measure)),
      ys: column,
      last: lastFrame(one.run),
      gone: one.run.diverged ? { frame: one.run.diverged.frame, value: null } : null,
    })),
  );
  const limits = windowOf(runs.flatMap((one) => one.run.scales.params));
  const view = linesView(scene, lines, limits, false, word("weights"));
  return {
    ...view,
    table: (tick) => {
      const now = chosen ? frameAt(scene, chosen.index, tick) : 0;
      return {
        head: [word(scene.clock.measure), ...lines.map((line) => line.name)],
        rows: evenly(now, 60).map((k) => [
          figure(chosen ? along(chosen.run, k, scene.clock.measure) : 0),
          ...lines.map((line) => String(line.ys[Math.min(k, line.last)] ?? "–").replace("-", "−")), // every digit
        ]),
      };
    },
    about: word("about_weights"),
  };
}

/** Lines over the clock's measure: pale what comes, strong what was. @param {Scene} scene @param {Line[]} lines @param {number[]} limits
 * @param {boolean} log @param {string} yName @returns {{ground: any, moving: any, frame: any}} */
function linesView(scene, lines, limits, log, yName) {
  const { colours } = scene;
  const ends = apartFrom(lines.map((line) => line.name)).map((name) => clipped(name, 20)); // what stands at the lines' ends
  const most = Math.max(1e-9, ...lines.map((line) => line.xs[line.last] ?? 0));
  const frame = (/** @type {import("./scene.js").Size} */ size) => {
    const room = lines.length > 1 && size.width > 420 ? Math.min(164, 20 + 7.2 * Math.max(...ends.map((name) => name.length * (/[^\x00-\xff]/.test(name) ? 1.5 : 1)))) : 18;
    return frameOf(size, [0, most], limits, { log, right: room });
  };
  const points = (/** @type {Line} */ line, /** @type {import("./axes.js").Frame} */ f, /** @type {number} */ upTo) => {
    const places = /** @type {[number, number][]} */ ([]);
    for (let k = 0; k <= upTo; k += 1) {
      const value = line.ys[k];
      if (value === null || value === undefined) continue;
      const y = log && value <= 0 ? f.bottom : f.y.at(value);
      places.push([f.x.at(line.xs[k]), Math.max(f.top - 2000, Math.min(f.bottom + 2000, y))]);
    }
    return places;
  };
  return {
    frame,
    ground: (/** @type {any} */ pen, /** @type {any} */ size) => {
      const f = frame(size);
      drawAxes(pen, f, colours, word(scene.clock.measure), yName);
      pen.within([f.left, f.top - 2, f.right - f.left, f.bottom - f.top + 4], () => {
        for (const line of lines) pen.path(points(line, f, scene.veiled ? 0 : line.last), { stroke: line.colour, width: 1.2, dash: line.dash, alpha: 0.25 });
      });
      if (lines.length < 2 || size.small || size.width <= 420) return;
      const labels = lines.map((line, i) => ({ line, name: ends[i], y: points(line, f, scene.veiled ? 0 : line.last).at(-1)?.[1] ?? f.bottom }));
      apart(labels, 14, f.top + 4, f.bottom - 4);
      for (const { line, name, y } of labels.slice(0, 14)) pen.text(name, f.right + 6, y, { colour: line.colour, size: 12 });
    },
    moving: (/** @type {any} */ pen, /** @type {any} */ size, /** @type {number} */ tick) => {
      const f = frame(size);
      const many = lines.length > 6;
      pen.within([f.left, f.top - 2, f.right - f.left + 6, f.bottom - f.top + 4], () => {
        for (const line of lines) {
          const now = points(line, f, frameAt(scene, line.index, tick));
          pen.path(now, { stroke: line.colour, width: size.small || many ? 1.5 : 2.4, dash: line.dash });
          if (now.length && !many) pen.discs([/** @type {[number, number]} */ (now.at(-1))], size.small ? 2.5 : 4, { fill: line.colour, stroke: colours.paper, width: 1.5 });
        }
      });
      for (const line of lines) {
        if (!line.gone || frameAt(scene, line.index, tick) < line.last || (line.index !== scene.selected && size.small)) continue;
        offChart(pen, f, colours, Math.min(f.right - 4, f.x.at(line.xs[line.last])), line.colour, line.gone.value, size.small);
      }
    },
  };
}

/** The mark of a run that left the picture, with its value. @param {any} pen @param {import("./axes.js").Frame} f
 * @param {import("./theme.js").Look} colours @param {number} x @param {string} colour @param {number|null} value @param {boolean} small */
export function offChart(pen, f, colours, x, colour, value, small) {
  const y = f.top + (small ? 6 : 9);
  const r = small ? 3 : 5;
  pen.pieces([[x - r, y - r, x + r, y + r], [x - r, y + r, x + r, y - r]], { stroke: colour, width: small ? 1.5 : 2.5 });
  if (small) return;
  const text = value === null ? word("off_chart") : word("off_chart_at", { value: figure(value, 3) });
  const right = x > (f.left + f.right) / 2;
  pen.text(text, right ? x - 11 : x + 11, y, { align: right ? "right" : "left", colour, bold: true, size: 12, halo: colours.paper });
}
