// The mountain seen from above: F over one weight, or level curves over two, with the ways down.
import { figure, weightName, word } from "./words.js";
import { drawAxes, frameOf } from "./axes.js";
import { shade } from "./theme.js";
import { arrow } from "./pen.js";
import { offChart } from "./draw_loss.js";
import { ahead, chosenRun, evenly, frameAt, lastFrame, shownRuns } from "./scene.js";

/** @typedef {import("./scene.js").Scene} Scene */
/** @typedef {import("./types.js").Landscape} Landscape */

/** @param {Scene} scene @returns {import("./scene.js").View|null} */
export function landscapeView(scene) {
  const land = scene.lab.pictures.landscape;
  if (!land) return null;
  const view = land.kind === "curve" ? curveView(scene, land) : gridView(scene, land);
  return { ...view, table: (tick) => pathTable(scene, land, tick) };
}

/** The axes' names, each with its column. @param {Landscape} land */
function axesOf(land) {
  return land.axes.map((symbol, i) => weightName(symbol, land.names?.[i]));
}

/** The way down in numbers. @param {Scene} scene @param {Landscape} land @param {number} tick */
function pathTable(scene, land, tick) {
  const chosen = chosenRun(scene);
  const path = chosen?.run.path;
  if (!chosen || !path) return { head: [...axesOf(land), "F"], rows: [] };
  const two = land.kind === "grid";
  return {
    head: [word("update"), ...axesOf(land), word("loss")],
    rows: evenly(frameAt(scene, chosen.index, tick), 60).map((k) => [
      k === 0 ? 0 : chosen.run.trace.step[k - 1],
      figure(path.x[k], 8),
      ...(two ? [figure(path.y?.[k], 8)] : []),
      figure(path.f[k]),
    ]),
  };
}

/** @param {Scene} scene @param {Landscape} land */
function curveView(scene, land) {
  const { colours } = scene;
  const shown = shownRuns(scene).filter((one) => one.run.path);
  const descents = shown.filter((one) => one.run.settings.direction !== "exhaustive"); // a search has no start and no way
  const search = scene.lab.pictures.search;
  const frame = (/** @type {any} */ size) => frameOf(size, scene.window?.[0] ?? land.window, widened(land.f_window));
  const places = (/** @type {any} */ one, /** @type {import("./axes.js").Frame} */ f, /** @type {number} */ upTo) =>
    one.run.path.x.slice(0, upTo + 1).map((/** @type {number|null} */ x, /** @type {number} */ k) => spotOf(f, x, one.run.path.f[k]));
  return {
    frame,
    about: [word("about_curve", { name: axesOf(land)[0] }), search && !scene.veiled ? word("searched", { count: search.x.length, best: figure(search.x[search.best]) }) : "", descents.length ? word("about_drag") : ""].join(" "),
    ground: (/** @type {any} */ pen, /** @type {any} */ size) => {
      const f = frame(size);
      drawAxes(pen, f, colours, axesOf(land)[0], scene.lab.problem.rows ? word("loss") : "F");
      pen.within(f.box, () => {
        const line = land.x.map((x, i) => spotOf(f, x, land.f[i]));
        pen.path([...line, [f.x.at(land.x.at(-1) ?? 0), f.bottom + 4], [f.x.at(land.x[0]), f.bottom + 4]], { fill: `rgb(${shade(colours, 0.3)})`, alpha: 0.45 }, true);
        pen.path(line, { stroke: colours.ghost, width: size.small ? 1.2 : 1.8, alpha: 0.85 });
        if (search) {
          const dots = search.x.map((x, i) => spotOf(f, x, search.f[i]));
          pen.discs(dots, size.small ? 1.2 : 3, { fill: colours.paper, stroke: colours.ghost, width: 1.2 });
          if (!size.small && !scene.veiled) pen.discs([dots[search.best]], 6, { stroke: colours.lines[2], width: 2.2 });
        }
        if (land.minimum) cross(pen, spotOf(f, land.minimum.x, land.minimum.f), colours, size.small);
        for (const one of descents) pen.path(places(one, f, ahead(scene, one.run)), { stroke: one.colour, width: 1, alpha: 0.22 });
        for (const one of descents) startMark(pen, places(one, f, 0)[0], one, scene, size);
      });
    },
    moving: (/** @type {any} */ pen, /** @type {any} */ size, /** @type {number} */ tick) => {
      const f = frame(size);
      pen.within([f.left, f.top - 2, f.right - f.left, f.bottom - f.top + 6], () => {
        for (const one of selectedLast(shown, scene)) {
          const k = frameAt(scene, one.index, tick);
          const descent = descents.includes(one);
          const way = places(one, f, k);
          if (descent) pen.path(way, { stroke: one.colour, width: size.small ? 1.2 : 1.8, dash: one.dash, alpha: 0.75 });
          if (!size.small) pen.discs(descent ? way.slice(-400) : way.slice(1), descent ? 2.6 : 3.4, { fill: one.colour, alpha: 0.75 });
          pen.discs([way[k]], size.small ? 3.4 : 6, { fill: one.colour, stroke: colours.paper, width: 2 });
          if (one.index === chosenRun(scene)?.index && descent && !size.small && !scene.veiled) arrows(pen, f, one, k, colours, false);
        }
      });
      gone(pen, f, shown, scene, tick, size);
      const x = f.x.at(scene.guess ?? NaN);
      if (size.small || !(x >= f.left && x <= f.right)) return;
      pen.path([[x, f.top], [x, f.bottom]], { stroke: colours.ghost, width: 2, dash: [5, 5] });
      pen.text(word("your_guess"), x + (f.right - x < 90 ? -6 : 6), f.bottom - 10, { colour: colours.ghost, size: 12, align: f.right - x < 90 ? "right" : "left", halo: colours.paper });
    },
  };
}

/** @param {Scene} scene @param {Landscape} land */
function gridView(scene, land) {
  const { colours } = scene;
  const shown = shownRuns(scene).filter((one) => one.run.path?.y);
  const [xs, ys] = scene.window?.length === 2 ? scene.window : [[land.x[0], land.x.at(-1) ?? 1], [land.y[0], land.y.at(-1) ?? 1]];
  const frame = (/** @type {any} */ size) => frameOf(size, xs, ys, { equal: land.equal && !size.small });
  const places = (/** @type {any} */ one, /** @type {import("./axes.js").Frame} */ f, /** @type {number} */ upTo) =>
    one.run.path.x.slice(0, upTo + 1).map((/** @type {number|null} */ x, /** @type {number} */ k) => spotOf(f, x, one.run.path.y[k]));
  return {
    frame,
    about: word("about_grid", { x: axesOf(land)[0], y: axesOf(land)[1] }) + (land.plane ? "" : " " + word("about_drag")),
    ground: (/** @type {any} */ pen, /** @type {any} */ size) => {
      const f = frame(size);
      const [left, bottom] = [f.x.at(land.x[0]), f.y.at(land.y[0])]; // where F is known: beyond it after a zoom, until the server has answered
      const [width, height] = [f.x.at(land.x.at(-1) ?? 1) - left, bottom - f.y.at(land.y.at(-1) ?? 1)];
      const pieces = levelCurves(land).map(
        ([x0, y0, x1, y1]) => /** @type {[number, number, number, number]} */ ([left + x0 * width, bottom - y0 * height, left + x1 * width, bottom - y1 * height]),
      );
      pen.within(f.box, () => {
        pen.image(bandImage(land, colours), left, bottom - height, width, height);
        pen.pieces(pieces, { stroke: colours.contour, width: size.small ? 0.5 : 1 });
      });
      drawAxes(pen, f, colours, axesOf(land)[0], axesOf(land)[1], { grid: false });
      pen.within(f.box, () => {
        if (land.minimum) cross(pen, spotOf(f, land.minimum.x, land.minimum.y), colours, size.small);
        for (const one of shown) pen.path(places(one, f, ahead(scene, one.run)), { stroke: one.colour, width: 1, alpha: 0.3 });
        for (const one of shown) startMark(pen, places(one, f, 0)[0], one, scene, size);
      });
      if (!land.equal && !size.small) pen.text(word("unequal"), f.right - 6, f.bottom - 10, { align: "right", colour: colours.muted, size: 12, halo: colours.paper });
    },
    moving: (/** @type {any} */ pen, /** @type {any} */ size, /** @type {number} */ tick) => {
      const f = frame(size);
      pen.within(f.box, () => {
        const ways = selectedLast(shown, scene).map((one) => ({ one, k: frameAt(scene, one.index, tick), way: places(one, f, frameAt(scene, one.index, tick)) }));
        for (const { way } of ways) pen.path(way, { stroke: colours.paper, width: size.small ? 2.6 : 5, alpha: 0.55 });
        for (const { one, k, way } of ways) {
          pen.path(way, { stroke: one.colour, width: size.small ? 1.4 : 2.6, dash: one.dash });
          if (!size.small && way.length < 120) pen.discs(way, 2.6, { fill: one.colour });
          pen.discs([way[k]], size.small ? 3.4 : 6, { fill: one.colour, stroke: colours.paper, width: 2 });
          if (one.index === chosenRun(scene)?.index && !size.small && !scene.veiled) arrows(pen, f, one, k, colours, true);
        }
      });
      gone(pen, f, shown, scene, tick, size);
    },
  };
}

/** @param {import("./axes.js").Frame} f @param {number|null|undefined} x @param {number|null|undefined} y @returns {[number, number]} */
function spotOf(f, x, y) {
  if (x === null || y === null || x === undefined || y === undefined) return [NaN, NaN];
  return [bounded(f.x.at(x)), bounded(f.y.at(y))];
}

/** The selected run is drawn over the others. @param {any[]} shown @param {Scene} scene @returns {any[]} */
function selectedLast(shown, scene) {
  return [...shown].sort((a, b) => Number(a.index === scene.selected) - Number(b.index === scene.selected));
}

/** Far places stay far, but not so far that a canvas stumbles. @param {number} value */
function bounded(value) {
  return Math.max(-20000, Math.min(20000, value));
}

/** @param {number[]} span */
function widened(span) {
  const room = (span[1] - span[0]) * 0.05 || 0.5;
  return [span[0] - room, span[1] + room];
}

const LONGEST = 90; // dots that the largest gradient of a descent is drawn long

/** What a gradient is multiplied with so that it fits on the picture: one factor of 1, 2 or 5 tens for the whole descent.
 * @param {import("./axes.js").Frame} f @param {any} run @param {boolean} two */
function gradientScale(f, run, two) {
  const across = Math.abs(f.x.at(1) - f.x.at(0));
  const up = Math.abs(f.y.at(1) - f.y.at(0));
  let most = 0;
  for (let k = 0; k < lastFrame(run); k += 1) most = Math.max(most, Math.hypot((run.path.gx[k] ?? 0) * across, two ? (run.path.gy[k] ?? 0) * up : 0) || 0);
  if (!(most > 0)) return 0;
  const power = 10 ** Math.floor(Math.log10(LONGEST / most));
  return power * ([5, 2, 1].find((m) => m * power * most <= LONGEST) ?? 1);
}

/** The step that led here with the rule that made it, and the gradient there: uphill, in the units of the axes, times one factor.
 * @param {any} pen @param {import("./axes.js").Frame} f @param {any} one @param {number} k @param {import("./theme.js").Look} colours @param {boolean} two */
function arrows(pen, f, one, k, colours, two) {
  const { trace } = one.run;
  const { gradient, step } = arrowsAt(f, one.run, k, two);
  const label = (/** @type {string} */ text, /** @type {number[][]} */ [from, to], /** @type {string} */ colour, /** @type {number} */ down) => {
    const wide = 6.6 * text.length + 10;
    const inward = to[0] < from[0] ? to[0] - f.left > wide : f.right - to[0] < wide; // the words stay on the picture
    const y = Math.max(f.top + 8, Math.min(f.bottom - 8, to[1] + down)); // above one and below the other, which may lie on one line
    pen.text(text, to[0] + (inward ? -6 : 6), y, { colour, size: 12, align: inward ? "right" : "left", halo: colours.paper });
  };
  if (gradient) {
    arrow(pen, gradient[0], gradient[1], { stroke: colours.ghost, width: 2, dash: [3, 3], alpha: 0.8 });
    label(word("gradient_arrow", { factor: figure(gradientScale(f, one.run, two), 1), norm: figure(trace.gradient_norm[Math.max(0, k - 1)], 3) }), gradient, colours.ghost, -12);
  }
  if (!step) return;
  arrow(pen, step[0], step[1], { stroke: one.colour, width: 3 });
  if (Math.hypot(step[1][0] - step[0][0], step[1][1] - step[0][1]) > 14) label(ruleOf(one.run, Math.max(0, k - 1)), step, one.colour, 14);
}

/** Both arrows as dots on the picture; null for one that is too short to be seen. @param {import("./axes.js").Frame} f @param {any} run @param {number} k @param {boolean} two
 * @returns {{gradient: number[][]|null, step: number[][]|null}} */
export function arrowsAt(f, run, k, two) {
  const { path, trace } = run;
  const at = Math.max(0, k - 1);
  const from = at < trace.step.length ? spotOf(f, path.x[at], two ? path.y[at] : path.f[at]) : [NaN, NaN];
  if (!Number.isFinite(from[0] + from[1])) return { gradient: null, step: null };
  const to = spotOf(f, path.x[at + 1], two ? path.y[at + 1] : path.f[at + 1]);
  const step = Math.hypot(to[0] - from[0], to[1] - from[1]) > 2 ? [from, to] : null;
  const gx = path.gx?.[at];
  const gy = two ? path.gy?.[at] : 0;
  if (gx === null || gx === undefined || gy === null || gy === undefined) return { gradient: null, step };
  const times = gradientScale(f, run, two);
  const tip = [from[0] + times * gx * (f.x.at(1) - f.x.at(0)), from[1] + times * gy * (f.y.at(1) - f.y.at(0))];
  return { gradient: Math.hypot(tip[0] - from[0], tip[1] - from[1]) > 2 ? [from, tip] : null, step };
}

/** What was added to the weights: "− η·g"; between two frames of a long run there are several updates. @param {any} run @param {number} step */
export function ruleOf(run, step) {
  const count = run.trace.step[step] - (run.trace.step[step - 1] ?? 0);
  return count > 1 ? word("several_updates", { count }) : run.rule ?? "";
}

/** @param {any} pen @param {[number, number]} at @param {import("./theme.js").Look} colours @param {boolean} small */
function cross(pen, at, colours, small) {
  if (!Number.isFinite(at[0] + at[1])) return;
  const r = small ? 3 : 6;
  pen.pieces([[at[0] - r, at[1], at[0] + r, at[1]], [at[0], at[1] - r, at[0], at[1] + r]], { stroke: colours.ink, width: small ? 1 : 1.6 });
}

/** @param {any} pen @param {[number, number]} at @param {any} one @param {Scene} scene @param {any} size */
function startMark(pen, at, one, scene, size) {
  if (!at || size.small) return;
  pen.discs([at], 7, { stroke: one.colour, width: 2, fill: scene.colours.paper });
}

/** @param {any} pen @param {import("./axes.js").Frame} f @param {any[]} shown @param {Scene} scene @param {number} tick @param {any} size */
function gone(pen, f, shown, scene, tick, size) {
  for (const one of shown)
    if (one.run.diverged && frameAt(scene, one.index, tick) >= lastFrame(one.run)) {
      const x = f.x.at(one.run.path.x[lastFrame(one.run)] ?? f.x.high);
      offChart(pen, f, scene.colours, Math.max(f.left + 8, Math.min(f.right - 8, x)), one.colour, one.run.diverged.value, size.small);
    }
}

const kept = { bands: /** @type {WeakMap<object, Map<boolean, HTMLCanvasElement>>} */ (new WeakMap()), curves: /** @type {WeakMap<object, number[][]>} */ (new WeakMap()) };

/** The surface in pale bands, as an image. @param {Landscape} land @param {import("./theme.js").Look} colours @returns {HTMLCanvasElement} */
function bandImage(land, colours) {
  const images = kept.bands.get(land) ?? new Map();
  kept.bands.set(land, images);
  const known = images.get(colours.dark);
  if (known) return known;
  const size = 420;
  const image = document.createElement("canvas");
  image.width = image.height = size;
  const context = /** @type {CanvasRenderingContext2D} */ (image.getContext("2d"));
  const pixels = context.createImageData(size, size);
  const rows = land.band.length - 1;
  const columns = land.band[0].length - 1;
  const top = Math.max(1, land.levels.length - 1);
  const shades = Array.from({ length: top + 2 }, (_, i) => shade(colours, (i - 1) / top)); // from below the lowest level up
  for (let py = 0; py < size; py += 1) {
    const v = (1 - (py + 0.5) / size) * rows;
    const r = Math.min(rows - 1, Math.floor(v));
    for (let px = 0; px < size; px += 1) {
      const u = ((px + 0.5) / size) * columns;
      const c = Math.min(columns - 1, Math.floor(u));
      const [s, t] = [u - c, v - r];
      const low = land.band[r][c] * (1 - s) + land.band[r][c + 1] * s;
      const high = land.band[r + 1][c] * (1 - s) + land.band[r + 1][c + 1] * s;
      const colour = shades[Math.floor(low * (1 - t) + high * t) + 1];
      const at = (py * size + px) * 4;
      pixels.data[at] = colour[0];
      pixels.data[at + 1] = colour[1];
      pixels.data[at + 2] = colour[2];
      pixels.data[at + 3] = 255;
    }
  }
  context.putImageData(pixels, 0, 0);
  images.set(colours.dark, image);
  return image;
}

/** Level curves by marching squares: pieces in shares of the picture's width and height. @param {Landscape} land @returns {number[][]} */
function levelCurves(land) {
  const known = kept.curves.get(land);
  if (known) return known;
  const pieces = /** @type {number[][]} */ ([]);
  const { band } = land;
  const rows = band.length - 1;
  const columns = band[0].length - 1;
  for (let r = 0; r < rows; r += 1)
    for (let c = 0; c < columns; c += 1) {
      const corners = [band[r][c], band[r][c + 1], band[r + 1][c + 1], band[r + 1][c]];
      const from = Math.floor(Math.min(...corners)) + 1;
      for (let level = from; level <= Math.max(...corners) && level < land.levels.length; level += 1) {
        const crossings = [];
        for (let e = 0; e < 4; e += 1) {
          const [a, b] = [corners[e], corners[(e + 1) % 4]];
          if (a < level === b < level) continue;
          const share = (level - a) / (b - a);
          crossings.push([[c + share, r], [c + 1, r + share], [c + 1 - share, r + 1], [c, r + 1 - share]][e]);
        }
        for (let i = 0; i + 1 < crossings.length; i += 2)
          pieces.push([crossings[i][0] / columns, crossings[i][1] / rows, crossings[i + 1][0] / columns, crossings[i + 1][1] / rows]);
      }
    }
  kept.curves.set(land, pieces);
  return pieces;
}
