// Hands on the large picture: drag the start, turn the surface, set and move points.
import { chosenRun } from "./scene.js";

/** @typedef {import("./stage.js").Stage} Stage */
/** @typedef {{stage: Stage, asked: () => any, start: (start: Record<string, number>, still: boolean) => void,
 *   points: (points: number[][], still: boolean) => void, canStart: () => boolean, whole: () => void,
 *   point: (place: number[]) => void, guess: (value?: number) => boolean}} Hands  whole: show all of the landscape again;
 *   guess: predict this weight; without one, whether a prediction is awaited */

const REACH = 14; // how near, in dots, a pointer has to come

/** @param {HTMLCanvasElement} canvas @param {Hands} hands */
export function handle(canvas, hands) {
  const { stage } = hands;
  let held = /** @type {null|{kind: string, index?: number, x: number, y: number}} */ (null);
  let picked = -1; // the point that Delete removes
  let fitted = false; // whether the window is held only while the start is

  const at = (/** @type {PointerEvent} */ event) => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) / stage.zoom, (event.clientY - box.top) / stage.zoom];
  };
  const frame = () => stage.frame;
  const clicking = () => stage.view === "fit" && hands.asked()?.kind === "points";
  const nearPoint = (/** @type {number} */ x, /** @type {number} */ y) => {
    const f = frame();
    if (!f) return -1;
    let best = -1;
    let least = REACH;
    hands.asked().points.forEach((/** @type {number[]} */ p, /** @type {number} */ i) => {
      const far = Math.hypot(f.x.at(p[0]) - x, f.y.at(p[1]) - y);
      if (far < least) [best, least] = [i, far];
    });
    return best;
  };
  const nearStart = (/** @type {number} */ x, /** @type {number} */ y) => {
    const f = frame();
    const land = stage.scene?.lab.pictures.landscape;
    const path = stage.scene ? chosenRun(stage.scene)?.run.path : null;
    if (stage.view !== "landscape" || !f || !land || land.plane || !path || hands.stage.scene?.lab.runs[hands.stage.selected]?.settings.direction === "exhaustive" || !hands.canStart()) return false;
    const height = land.kind === "grid" ? path.y?.[0] : path.f[0];
    return Math.hypot(f.x.at(path.x[0] ?? NaN) - x, Math.max(f.top, f.y.at(height ?? NaN)) - y) < REACH + 4;
  };
  const moved = (/** @type {number} */ x, /** @type {number} */ y, /** @type {boolean} */ still) => {
    const f = frame();
    const land = stage.scene?.lab.pictures.landscape;
    if (!f || !held) return;
    const value = (/** @type {import("./axes.js").Scale} */ scale, /** @type {number} */ spot) => {
      const step = 10 ** Math.floor(Math.log10((scale.high - scale.low) / 200)); // about a dot
      return Number((Math.round(scale.value(spot) / step) * step).toPrecision(12));
    };
    if (held.kind === "start" && land?.names) {
      const place = land.kind === "grid" ? [value(f.x, x), value(f.y, y)] : [value(f.x, x)];
      const { back } = land; // from standardised columns to the data's own
      const start = back ? back.matrix.map((row, i) => Number((back.offset[i] + row.reduce((sum, m, j) => sum + m * place[j], 0)).toPrecision(4))) : place;
      hands.start(Object.fromEntries(land.names.map((name, i) => [name, start[i]])), still);
    }
    if (held.kind === "point") {
      const points = hands.asked().points.map((/** @type {number[]} */ p, /** @type {number} */ i) => (i === held?.index ? [value(f.x, x), value(f.y, y), ...p.slice(2)] : p));
      hands.points(points, still);
    }
  };

  const addPoint = (/** @type {number} */ x, /** @type {number} */ y, /** @type {boolean} */ other) => {
    const f = frame();
    const { points, task } = hands.asked();
    if (!f) return;
    const place = [f.x.value(x), f.y.value(y)].map((v) => Number(v.toPrecision(3)));
    picked = points.length;
    hands.points([...points, task === "classes" ? [...place, other ? 1 : 0] : place], false);
  };

  canvas.addEventListener("pointerdown", (event) => {
    const [x, y] = at(event);
    if (stage.view === "surface") held = { kind: "turn", x, y };
    else if (stage.view === "landscape" && hands.guess()) held = { kind: "tap", x, y };
    else if (nearStart(x, y)) held = { kind: "start", x, y };
    else if (stage.view === "landscape" && stage.lab?.pictures.landscape?.names && event.pointerType !== "touch") held = { kind: "pan", x, y };
    else if (clicking()) {
      const near = nearPoint(x, y);
      const f = frame();
      if (near >= 0) held = { kind: "point", index: near, x, y };
      else if (f && x >= f.left && x <= f.right && y >= f.top && y <= f.bottom) {
        if (event.pointerType === "touch") held = { kind: "tap", x, y }; // a swipe scrolls, and adds no point
        else addPoint(x, y, event.shiftKey);
        if (!held) return;
      }
      picked = near;
    }
    if (!held || held.kind === "tap") return;
    canvas.setPointerCapture(event.pointerId);
    event.preventDefault();
    canvas.focus({ preventScroll: true });
  });
  canvas.addEventListener("pointermove", (event) => {
    const [x, y] = at(event);
    if (!held) {
      const f = frame();
      if (stage.view === "fit" && f && x > f.left && x < f.right && y > f.top && y < f.bottom) hands.point(chosenRun(/** @type {any} */ (stage.scene))?.run.fit?.kind === "regions" ? [f.x.value(x), f.y.value(y)] : [f.x.value(x)]);
      canvas.style.cursor = stage.view === "surface" ? "grab" : nearStart(x, y) || (clicking() && nearPoint(x, y) >= 0) ? "grab" : clicking() ? "crosshair" : "";
      return;
    }
    if (held.kind === "turn") {
      stage.rotate((x - held.x) * -0.008, (y - held.y) * 0.006);
      [held.x, held.y] = [x, y];
    } else if (held.kind === "pan") {
      const f = frame();
      if (!f || Math.hypot(x - held.x, y - held.y) < 3) return;
      const by = [f.x.value(held.x) - f.x.value(x), f.y.value(held.y) - f.y.value(y)];
      [held.x, held.y] = [x, y];
      stage.look(stage.shown().map(([low, high], i) => [low + by[i], high + by[i]]));
    } else {
      if (held.kind === "start" && !stage.window) [stage.window, fitted] = [stage.shown(), true]; // the picture stands still under the hand
      moved(x, y, true);
    }
  });
  const let_go = (/** @type {PointerEvent} */ event) => {
    if (!held) return;
    const [x, y] = at(event);
    const was = held;
    if (fitted) [stage.window, fitted] = [null, false];
    if (was.kind === "pan" || was.kind === "turn" || was.kind === "tap") {
      held = null;
      if (was.kind !== "tap" || Math.hypot(x - was.x, y - was.y) >= 8) return;
      if (stage.view === "landscape") hands.guess(frame()?.x.value(x));
      else addPoint(x, y, false);
      return;
    }
    if (Math.hypot(x - held.x, y - held.y) > 2 || held.kind === "start") moved(x, y, false);
    else if (was.kind === "point" && event.shiftKey && hands.asked().task === "classes")
      hands.points(hands.asked().points.map((/** @type {number[]} */ p, /** @type {number} */ i) => (i === was.index ? [p[0], p[1], 1 - p[2]] : p)), false);
    held = null;
  };
  canvas.addEventListener("wheel", (event) => {
    const f = frame();
    if (!f || stage.view !== "landscape" || (!event.ctrlKey && document.activeElement !== canvas)) return; // the page scrolls, but for a picture that was clicked
    event.preventDefault();
    const [x, y] = at(/** @type {any} */ (event));
    stage.zoomBy(event.deltaY > 0 ? 1.25 : 0.8, [f.x.value(x), f.y.value(y)]);
  }, { passive: false });
  canvas.addEventListener("pointerup", let_go);
  canvas.addEventListener("pointercancel", () => (held = null));
  canvas.addEventListener("keydown", (event) => {
    if ((event.key === "Delete" || event.key === "Backspace") && clicking() && picked >= 0) {
      event.preventDefault();
      hands.points(hands.asked().points.filter((/** @type {any} */ _, /** @type {number} */ i) => i !== picked), false);
      picked = -1;
    }
    const zoom = /** @type {Record<string, number>} */ ({ "+": 0.8, "=": 0.8, "-": 1.25 })[event.key];
    if (zoom) stage.zoomBy(zoom);
    if (event.key === "0") hands.whole();
    const nudge = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!nudge || !event.shiftKey) return;
    // Shift and an arrow move what a hand would: the surface, or the start.
    if (stage.view === "surface") stage.rotate(nudge[0] * 0.12, nudge[1] * 0.08);
    else if (stage.view === "landscape" && hands.canStart()) {
      const f = frame();
      const land = stage.scene?.lab.pictures.landscape;
      const path = stage.scene ? chosenRun(stage.scene)?.run.path : null;
      if (!f || !land || land.plane || !path) return;
      held = { kind: "start", x: 0, y: 0 };
      moved(f.x.at(path.x[0] ?? 0) + nudge[0] * 12, f.y.at(path.y?.[0] ?? 0) + nudge[1] * 12, false);
      held = null;
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
}
