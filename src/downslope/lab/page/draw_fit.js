// What the weights say about the rows: the fitted line, decision regions or chances, and what is left over.
import { figure, word } from "./words.js";
import { drawAxes, frameOf, windowOf } from "./axes.js";
import { channels } from "./theme.js";
import { chosenRun, frameAt, keyframe, shownRuns } from "./scene.js";

/** @typedef {import("./scene.js").Scene} Scene */
/** @typedef {import("./types.js").Rows} Rows */

export const POINT_WINDOW = [0, 10]; // what an empty picture for clicked points shows, at least

/** @param {Scene} scene @returns {import("./scene.js").View|null} */
export function fitView(scene) {
  const rows = scene.lab.problem.rows;
  if (!rows || !rows.X.length) return null;
  const fits = shownRuns(scene).filter((one) => one.run.fit);
  const kind = fits.find((one) => one.run.fit?.kind)?.run.fit?.kind ?? null;
  const clicked = scene.lab.problem.asked.kind === "points";
  if (!fits.length && !clicked) return null;
  if (kind === "regions" || (clicked && rows.classes)) return regionsView(scene, rows);
  if (kind === "line" || kind === "curve" || clicked) return lineView(scene, rows);
  return fits.some((one) => one.run.fit?.predicted) ? predictedView(scene, rows) : null;
}

/** @param {number[]} span @param {boolean} clicked */
function roomy(span, clicked) {
  return clicked ? [Math.min(span[0], POINT_WINDOW[0]), Math.max(span[1], POINT_WINDOW[1])] : span;
}

/** @param {Scene} scene @param {Rows} rows @returns {import("./scene.js").View} */
function lineView(scene, rows) {
  const { colours } = scene;
  const clicked = scene.lab.problem.asked.kind === "points";
  const shown = shownRuns(scene).filter((one) => one.run.fit && (one.run.fit.kind === "line" || one.run.fit.kind === "curve"));
  const xs = roomy(windowOf(rows.X[0], 0.12), clicked);
  const ys = roomy(windowOf(rows.y, 0.25), clicked);
  const frame = (/** @type {any} */ size) => frameOf(size, xs, ys);
  const curve = (/** @type {any} */ fit, /** @type {number} */ k) =>
    fit.kind === "line" ? { x: fit.x, z: fit.z[k] ?? [] } : { x: fit.x, z: fit.z[keyframe(fit.at, k)] ?? [] };
  return {
    frame,
    about: word("about_fit", { x: rows.features[0], y: rows.target }),
    ground: (pen, size) => {
      const f = frame(size);
      drawAxes(pen, f, colours, rows.features[0], rows.target);
    },
    moving: (pen, size, tick) => {
      const f = frame(size);
      const dots = /** @type {[number, number][]} */ (rows.X[0].map((x, i) => [f.x.at(x), f.y.at(rows.y[i])]));
      pen.within(f.box, () => {
        const chosen = chosenRun(scene);
        const fit = chosen?.run.fit;
        if (chosen && fit?.kind === "line" && rows.y.length <= 60) {
          const { x, z } = curve(fit, frameAt(scene, chosen.index, tick));
          const slope = (z[1] - z[0]) / (x[1] - x[0]);
          pen.pieces(
            rows.X[0].map((v, i) => /** @type {[number, number, number, number]} */ ([dots[i][0], dots[i][1], dots[i][0], f.y.at(z[0] + slope * (v - x[0]))])).filter((p) => p.every(Number.isFinite)),
            { stroke: colours.ghost, width: 1.2, dash: [2, 3], alpha: 0.8 },
          );
        }
        for (const one of shown) {
          const { x, z } = curve(one.run.fit, frameAt(scene, one.index, tick));
          const way = /** @type {[number, number][]} */ (x.map((/** @type {number} */ v, /** @type {number} */ i) => (z[i] === null ? [NaN, NaN] : [f.x.at(v), Math.max(-9e3, Math.min(9e3, f.y.at(z[i])))])));
          pen.path(way, { stroke: one.colour, width: size.small ? 1.6 : 2.8, dash: one.dash });
        }
        pen.discs(dots, size.small ? 2 : rows.y.length > 150 ? 2.5 : 4.5, { fill: colours.ink, stroke: colours.paper, width: 1, alpha: 0.85 });
      });
    },
    table: (tick) => rowsTable(scene, rows, tick),
  };
}

/** Rows with what is predicted for them now. @param {Scene} scene @param {Rows} rows @param {number} tick */
function rowsTable(scene, rows, tick) {
  const chosen = chosenRun(scene);
  const predicted = chosen?.run.fit?.predicted;
  const k = predicted && chosen ? keyframe(predicted.at, frameAt(scene, chosen.index, tick)) : 0;
  return {
    head: [word("row"), ...rows.features, rows.target, ...(predicted ? [word("predicted"), word("residual")] : [])],
    rows: rows.numbers.slice(0, 100).map((number, i) => [
      number,
      ...rows.X.map((column) => figure(column[i])),
      rows.classes ? rows.classes[rows.y[i]] : figure(rows.y[i]),
      ...(predicted ? [figure(predicted.z[k][i]), figure(predicted.residual[k][i])] : []),
    ]),
  };
}

const painted = /** @type {WeakMap<object, Map<string, HTMLCanvasElement>>} */ (new WeakMap());

/** The class that leads between the places of the grid, and its chance in percent: what leads by less gives way sooner.
 * @param {any} fit @param {number} k keyframe @param {number} u column @param {number} v row */
export function classAt(fit, k, u, v) {
  const [classes, leads, chances] = [fit.class[k], fit.lead[k], fit.chance?.[k]];
  const r = Math.max(0, Math.min(classes.length - 2, Math.floor(v)));
  const c = Math.max(0, Math.min(classes[0].length - 2, Math.floor(u)));
  const [s, t] = [u - c, v - r];
  const corners = [[r, c, (1 - s) * (1 - t)], [r, c + 1, s * (1 - t)], [r + 1, c, (1 - s) * t], [r + 1, c + 1, s * t]];
  let best = { mine: classes[r][c], by: -Infinity };
  for (const [i, j] of corners) {
    const mine = classes[i][j];
    if (mine === best.mine && best.by > -Infinity) continue;
    let by = 0;
    for (const [a, b, share] of corners) by += share * (classes[a][b] === mine ? leads[a][b] : -leads[a][b]);
    if (by > best.by) best = { mine, by };
  }
  let chance = 0;
  if (chances) for (const [a, b, share] of corners) chance += share * (classes[a][b] === best.mine ? chances[a][b] : 100 - chances[a][b]);
  return { mine: best.mine, chance: chances ? chance : null };
}

const FINER = 4; // dots for each step of the grid

/** Which class where, the paler the less sure. @param {any} fit @param {number} k @param {import("./theme.js").Look} colours */
function regionImage(fit, k, colours) {
  const images = painted.get(fit) ?? new Map();
  painted.set(fit, images);
  const name = `${k}${colours.dark}`;
  const known = images.get(name);
  if (known) return known;
  const [rows, columns] = [fit.class[k].length - 1, fit.class[k][0].length - 1];
  const image = document.createElement("canvas");
  image.height = rows * FINER;
  image.width = columns * FINER;
  const context = /** @type {CanvasRenderingContext2D} */ (image.getContext("2d"));
  const pixels = context.createImageData(image.width, image.height);
  const paper = channels(colours.paper);
  const inks = colours.classes.map(channels);
  for (let r = 0; r < image.height; r += 1)
    for (let c = 0; c < image.width; c += 1) {
      const { mine, chance } = classAt(fit, k, (c + 0.5) / FINER, (r + 0.5) / FINER);
      const colour = inks[mine % inks.length];
      const sure = chance !== null ? 0.1 + 0.45 * Math.max(0, (chance - 40) / 60) : 0.34;
      const at = ((image.height - 1 - r) * image.width + c) * 4;
      for (let i = 0; i < 3; i += 1) pixels.data[at + i] = paper[i] + (colour[i] - paper[i]) * sure;
      pixels.data[at + 3] = 255;
    }
  context.putImageData(pixels, 0, 0);
  images.set(name, image);
  return image;
}

/** @param {Scene} scene @param {Rows} rows @returns {import("./scene.js").View} */
function regionsView(scene, rows) {
  const { colours } = scene;
  const clicked = scene.lab.problem.asked.kind === "points";
  const chosen = chosenRun(scene);
  const fit = chosen?.run.fit?.kind === "regions" ? chosen.run.fit : null;
  const [a, b] = fit?.features ?? [0, 1];
  const xs = fit ? [fit.x?.[0] ?? 0, fit.x?.at(-1) ?? 1] : roomy(windowOf(rows.X[a]), clicked);
  const ys = fit ? [fit.y?.[0] ?? 0, fit.y?.at(-1) ?? 1] : roomy(windowOf(rows.X[b] ?? []), clicked);
  const [wide, tall] = [roomy(xs, clicked), roomy(ys, clicked)];
  const frame = (/** @type {any} */ size) => frameOf(size, wide, tall);
  return {
    frame,
    about: word("about_regions", { x: rows.features[a], y: rows.features[b] ?? "" }) + (fit ? " " + word("interpolated", { across: fit.x?.length, up: fit.y?.length }) : ""),
    ground: (pen, size) => drawAxes(pen, frame(size), colours, rows.features[a], rows.features[b] ?? "", { grid: false }),
    moving: (pen, size, tick) => {
      const f = frame(size);
      pen.within(f.box, () => {
        if (fit?.at && fit.class && chosen) {
          const image = regionImage(fit, keyframe(fit.at, frameAt(scene, chosen.index, tick)), colours);
          const [left, right, top, bottom] = [f.x.at(xs[0]), f.x.at(xs[1]), f.y.at(ys[1]), f.y.at(ys[0])];
          pen.image(image, left, top, right - left, bottom - top);
        }
        const radius = size.small ? 1.5 : rows.y.length > 150 ? 3 : 5;
        (rows.classes ?? [""]).forEach((_, mine) => {
          const dots = /** @type {[number, number][]} */ (rows.y.flatMap((y, i) => (y === mine ? [[f.x.at(rows.X[a][i]), f.y.at(rows.X[b]?.[i] ?? 0)]] : [])));
          const ink = { fill: colours.classes[mine % 6], stroke: colours.paper, width: 1 };
          if (mine % 2 === 0 || size.small) pen.discs(dots, radius, ink);
          else for (const [x, y] of dots) pen.path([[x - radius, y - radius], [x + radius, y - radius], [x + radius, y + radius], [x - radius, y + radius]], ink, true);
        });
      });
      if (size.small || !rows.classes) return;
      rows.classes.slice(0, 6).forEach((name, mine) => {
        const y = f.top + 12 + 17 * mine;
        pen.discs([[f.right - 12, y]], 5, { fill: colours.classes[mine % 6], stroke: colours.paper, width: 1 });
        pen.text(name, f.right - 22, y, { align: "right", colour: colours.ink, size: 12, halo: colours.paper });
      });
    },
    table: (tick) => rowsTable(scene, rows, tick),
  };
}

/** Many features: predicted against true; a perfect fit lies on the line. @param {Scene} scene @param {Rows} rows @returns {import("./scene.js").View} */
function predictedView(scene, rows) {
  const { colours } = scene;
  const shown = shownRuns(scene).filter((one) => one.run.fit?.predicted);
  const span = windowOf(rows.y, 0.15);
  const frame = (/** @type {any} */ size) => frameOf(size, span, span, { equal: !size.small });
  return {
    frame,
    about: word("about_predicted"),
    ground: (pen, size) => {
      const f = frame(size);
      drawAxes(pen, f, colours, word("true_value", { name: rows.target }), word("predicted"));
      pen.pieces([[f.x.at(span[0]), f.y.at(span[0]), f.x.at(span[1]), f.y.at(span[1])]], { stroke: colours.ghost, width: 1.4, dash: [5, 4] });
    },
    moving: (pen, size, tick) => {
      const f = frame(size);
      pen.within(f.box, () => {
        for (const one of shown) {
          const predicted = /** @type {any} */ (one.run.fit).predicted;
          const z = predicted.z[keyframe(predicted.at, frameAt(scene, one.index, tick))];
          const dots = z.map((/** @type {number|null} */ v, /** @type {number} */ i) => [f.x.at(rows.y[i]), v === null ? NaN : f.y.at(v)]);
          pen.discs(dots, size.small ? 1.5 : 3.2, { fill: one.colour, alpha: 0.6 });
        }
      });
    },
    table: (tick) => rowsTable(scene, rows, tick),
  };
}

/** @param {Scene} scene @returns {import("./scene.js").View|null} */
export function residualsView(scene) {
  const rows = scene.lab.problem.rows;
  const chosen = chosenRun(scene);
  const predicted = chosen?.run.fit?.predicted;
  if (!rows || !chosen || !predicted) return null;
  const { colours } = scene;
  const last = keyframe(predicted.at, frameAt(scene, chosen.index, scene.clock.length - 1));
  // The window holds what the descent ends with; residuals of the first steps may reach beyond it.
  const spread = [...predicted.residual[last], ...predicted.residual[0]].filter((v) => v !== null && Number.isFinite(v)).map((v) => Math.abs(Number(v)));
  const most = Math.min(spread.reduce((a, b) => Math.max(a, b), 0), 4 * (windowOf(rows.y, 0)[1] - windowOf(rows.y, 0)[0])) || 1;
  const few = rows.numbers.length <= 60;
  const xs = few ? [0.5, rows.numbers.length + 0.5] : windowOf(rows.y, 0.1);
  const frame = (/** @type {any} */ size) => frameOf(size, xs, [-most * 1.1, most * 1.1]);
  return {
    frame,
    about: word("about_residuals"),
    ground: (pen, size) => {
      const f = frame(size);
      drawAxes(pen, f, colours, few ? word("row") : word("true_value", { name: rows.target }), word("residual"));
      pen.pieces([[f.left, f.y.at(0), f.right, f.y.at(0)]], { stroke: colours.ink, width: 1.2 });
    },
    moving: (pen, size, tick) => {
      const f = frame(size);
      const now = predicted.residual[keyframe(predicted.at, frameAt(scene, chosen.index, tick))];
      pen.within(f.box, () => {
        const dots = /** @type {[number, number][]} */ (now.map((r, i) => [f.x.at(few ? i + 1 : rows.y[i]), r === null ? NaN : f.y.at(r)]));
        if (few) pen.pieces(/** @type {any} */ (dots.filter((d) => Number.isFinite(d[1])).map(([x, y]) => [x, f.y.at(0), x, y])), { stroke: chosen.colour, width: size.small ? 1 : 2, alpha: 0.6 });
        pen.discs(dots, size.small ? 1.6 : few ? 4.5 : 3, { fill: chosen.colour, alpha: few ? 1 : 0.6 });
      });
    },
    table: (tick) => rowsTable(scene, rows, tick),
  };
}
