// The mountain in space, turned by hand: painted from the back to the front, with the ways down on it.
import { weightName, word } from "./words.js";
import { shade } from "./theme.js";
import { ahead, frameAt, shownRuns } from "./scene.js";

/** @typedef {import("./scene.js").Scene} Scene */

/** @param {Scene} scene @returns {import("./scene.js").View|null} */
export function surfaceView(scene) {
  const land = scene.lab.pictures.landscape;
  if (!land || land.kind !== "grid" || !land.height) return null;
  const { colours } = scene;
  const shown = shownRuns(scene).filter((one) => one.run.path?.y);
  const heights = land.height.flat();
  const low = heights.reduce((a, b) => Math.min(a, b), Infinity);
  const span = heights.reduce((a, b) => Math.max(a, b), -Infinity) - low || 1;
  const columns = land.height[0].length - 1;
  const rows = land.height.length - 1;
  const finer = Math.round((land.band.length - 1) / rows); // the bands may be known more finely than the heights
  const [left, right_, front, behind] = [land.x[0], land.x[land.x.length - 1], land.y[0], land.y[land.y.length - 1]];
  const spot = (/** @type {any} */ size) => projector(size, scene.turn, scene.tilt);
  const way = (/** @type {any} */ one, /** @type {any} */ project, /** @type {number} */ upTo) => {
    const { x, y } = one.run.path;
    const h = heightsOf(one.run.path, land);
    const places = [];
    for (let k = 0; k <= upTo; k += 1) {
      const u = (2 * ((x[k] ?? NaN) - left)) / (right_ - left) - 1;
      const v = (2 * ((y[k] ?? NaN) - front)) / (behind - front) - 1;
      const inside = Math.abs(u) <= 1.02 && Math.abs(v) <= 1.02;
      places.push(inside ? project(u, v, (h[k] - low) / span + 0.012) : [NaN, NaN]);
    }
    return places;
  };
  return {
    about: word("about_surface", { x: weightName(land.axes[0], land.names?.[0]), y: weightName(land.axes[1], land.names?.[1]) }) + " " + word("turn_hint"),
    ground: (pen, size) => {
      const project = spot(size);
      const every = size.small ? 3 : "parts" in pen ? 2 : 1; // fewer patches where they are small, or written one by one
      const top = Math.max(1, land.levels.length - 1);
      const order = (/** @type {number} */ last, /** @type {boolean} */ up) => {
        const steps = [];
        for (let i = 0; i + every <= last; i += every) steps.push(i);
        return up ? steps : steps.reverse();
      };
      // Farther rows and columns first; which end is far depends on the turn.
      const far = order(rows, Math.cos(scene.turn) < 0);
      const side = order(columns, Math.sin(scene.turn) < 0);
      const corner = (/** @type {number} */ r, /** @type {number} */ c) =>
        project((2 * c) / columns - 1, (2 * r) / rows - 1, (land.height[r][c] - low) / span);
      for (const r of far)
        for (const c of side) {
          const quad = [corner(r, c), corner(r, c + every), corner(r + every, c + every), corner(r + every, c)];
          const slope = ((land.height[r][c + every] - land.height[r][c]) * Math.cos(scene.turn + 0.9) + (land.height[r + every][c] - land.height[r][c]) * Math.sin(scene.turn + 0.9)) / span;
          const share = land.band[r * finer][c * finer] / top;
          const light = 1 - Math.max(-0.12, Math.min(0.16, (slope * 3) / every));
          const colour = `rgb(${shade(colours, 0.12 + 0.88 * share).map((v) => Math.min(255, Math.round(v * light)))})`;
          pen.path(quad, { fill: colour, stroke: colour, width: 0.7 }, true);
        }
      const line = (/** @type {number} */ r0, /** @type {number} */ c0, /** @type {number} */ dr, /** @type {number} */ dc) => {
        const places = /** @type {[number, number][]} */ ([]);
        for (let i = 0; r0 + dr * i <= rows && c0 + dc * i <= columns; i += every) places.push(corner(r0 + dr * i, c0 + dc * i));
        return places;
      };
      const edge = { stroke: colours.contour, width: 1 };
      for (const r of [0, rows]) pen.path(line(r, 0, 0, 1), edge);
      for (const c of [0, columns]) pen.path(line(0, c, 1, 0), edge);
      for (const one of shown) pen.path(way(one, project, ahead(scene, one.run)), { stroke: one.colour, width: 1, alpha: 0.35 });
      if (size.small) return;
      const floor = (/** @type {number} */ u, /** @type {number} */ v) => project(u, v, -0.1);
      const near = Math.cos(scene.turn) > 0 ? -1 : 1;
      const right = Math.sin(scene.turn) > 0 ? -1 : 1;
      const names = [{ text: weightName(land.axes[0], land.names?.[0]), at: floor(0, near * 1.12) }, { text: weightName(land.axes[1], land.names?.[1]), at: floor(right * 1.12, 0) }];
      for (const { text, at } of names) pen.text(text, at[0], at[1], { align: "center", colour: colours.ink, size: 13, bold: true, halo: colours.paper });
    },
    moving: (pen, size, tick) => {
      const project = spot(size);
      for (const one of shown) {
        const places = way(one, project, frameAt(scene, one.index, tick));
        pen.path(places, { stroke: colours.paper, width: size.small ? 2.4 : 5, alpha: 0.6 });
        pen.path(places, { stroke: one.colour, width: size.small ? 1.5 : 2.8, dash: one.dash });
        pen.discs([places[places.length - 1]], size.small ? 3 : 6, { fill: one.colour, stroke: colours.paper, width: 2 });
      }
    },
    table: () => ({ head: [], rows: [] }),
  };
}

const risen = /** @type {WeakMap<object, {land: object, heights: number[]}>} */ (new WeakMap());

/** How high a way lies on the surface. @param {import("./types.js").Path} path @param {import("./types.js").Landscape} land @returns {number[]} */
function heightsOf(path, land) {
  const known = risen.get(path);
  if (known?.land === land) return known.heights;
  const share = (/** @type {number[]} */ axis, /** @type {number|null|undefined} */ at) => ((at ?? NaN) - axis[0]) / (axis[axis.length - 1] - axis[0]);
  const heights = path.x.map((x, k) => between(land.height, share(land.x, x) * (land.height[0].length - 1), share(land.y, path.y?.[k]) * (land.height.length - 1)));
  risen.set(path, { land, heights });
  return heights;
}

/** The surface between the places at which it is known. @param {number[][]} grid @param {number} u column @param {number} v row */
function between(grid, u, v) {
  if (!(u >= -1 && u <= grid[0].length && v >= -1 && v <= grid.length)) return NaN;
  const r = Math.max(0, Math.min(grid.length - 2, Math.floor(v)));
  const c = Math.max(0, Math.min(grid[0].length - 2, Math.floor(u)));
  const [s, t] = [Math.max(0, Math.min(1, u - c)), Math.max(0, Math.min(1, v - r))];
  return (grid[r][c] * (1 - s) + grid[r][c + 1] * s) * (1 - t) + (grid[r + 1][c] * (1 - s) + grid[r + 1][c + 1] * s) * t;
}

/** Space to paper: turned about the height, tilted, and a little nearer in front.
 * @param {{width: number, height: number}} size @param {number} turn @param {number} tilt @returns {(u: number, v: number, h: number) => [number, number]} */
function projector(size, turn, tilt) {
  const [ct, st, cf, sf] = [Math.cos(turn), Math.sin(turn), Math.cos(tilt), Math.sin(tilt)];
  const unit = Math.min(size.width / 3.1, size.height / (2 * (1.5 * sf + 0.75 * cf)));
  return (u, v, h) => {
    const x = u * ct - v * st;
    const depth = u * st + v * ct;
    const z = (h - 0.42) * 1.15;
    const nearer = 1 / (1 + 0.13 * (depth * cf - z * sf));
    return [size.width / 2 + x * unit * nearer, size.height / 2 + (-depth * sf - z * cf) * unit * nearer];
  };
}
