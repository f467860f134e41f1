// The stage: one large picture, the others live and small beneath it, and the transport that plays them all.
import { byId, figure, make, said, tableElement, word } from "./words.js";
import { CanvasPen, SvgPen } from "./pen.js";
import { look } from "./theme.js";
import { lossScale, lossView, weightsView } from "./draw_loss.js";
import { landscapeView } from "./draw_landscape.js";
import { surfaceView } from "./draw_surface.js";
import { fitView, residualsView } from "./draw_fit.js";
import { along, chosenRun, clockOf, frameAt, movedBy, pacing, shownRuns } from "./scene.js";

/** @typedef {import("./scene.js").Scene} Scene */

export const VIEWS = ["loss", "landscape", "surface", "fit", "weights", "residuals"];
const MAKERS = /** @type {Record<string, (scene: Scene) => import("./scene.js").View|null>} */ ({
  loss: lossView,
  landscape: landscapeView,
  surface: surfaceView,
  fit: fitView,
  weights: weightsView,
  residuals: residualsView,
});
const PACES = { slow: 40, normal: 12, fast: 4 }; // seconds for the whole run

export class Stage {
  constructor() {
    this.moved = () => {}; // called when the tick or the view has changed
    this.looked = () => {}; // called when another part of the landscape is shown
    this.scene = /** @type {Scene|null} */ (null);
    this.views = /** @type {Record<string, import("./scene.js").View|null>} */ ({});
    this.wished = "loss"; // the view asked for, which not every document has
    this.tick = 0;
    this.playing = false;
    this.pace = "normal";
    this.scale = "auto"; // until the person chooses one
    this.selected = 0;
    this.window = /** @type {number[][]|null} */ (null); // [least, most] of each axis, where the person zoomed
    this.guess = /** @type {number|null} */ (null); // the weight that a learner predicted
    this.veiled = false; // a prediction is awaited
    this.note = ""; // words on the picture while there is no run
    this.measure = /** @type {import("./scene.js").Measure} */ ("epochs");
    this.grounds = /** @type {Map<HTMLCanvasElement, {mark: any, canvas: HTMLCanvasElement}>} */ (new Map());
    this.count = 0;
    this.drawn = 0; // pictures drawn while playing, for the test of smoothness
    this.spin = { turn: 0.7, tilt: 0.62 };
    this.last = 0;
    this.main = byId("picture");
    this.small = /** @type {Record<string, HTMLCanvasElement>} */ ({});
    for (const name of VIEWS) {
      const canvas = make("canvas", { "aria-hidden": "true" });
      this.small[name] = canvas;
      const tab = make("button", { type: "button", role: "tab", id: "tab-" + name, "aria-controls": "panel", onclick: () => this.show(name) }, canvas, make("span", { "data-text": "view_" + name }));
      tab.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.tabKey(event, name));
      byId("views").append(tab);
    }
    new ResizeObserver(() => this.draw()).observe(this.main.parentElement);
    window.addEventListener("resize", () => this.draw());
  }

  /** Play another document. @param {import("./types.js").Lab} lab @param {number|null} tick null: the end */
  play_document(lab, tick) {
    this.pause();
    this.lab = lab;
    if (this.selected >= lab.runs.length) this.selected = Math.max(0, lab.runs.length - 1);
    this.refresh();
    this.seek(tick === null ? this.length - 1 : tick);
  }

  get view() {
    return this.views[this.wished] ? this.wished : VIEWS.find((name) => this.views[name]) ?? "loss";
  }

  set view(name) {
    this.wished = name;
  }

  get length() {
    return this.scene?.clock.length ?? 1;
  }

  /** Make the pictures again: another document, language, theme, scale or run. */
  refresh() {
    if (!this.lab) return;
    this.count += 1;
    this.scene = {
      lab: this.lab,
      colours: look(),
      scale: this.scale,
      selected: this.selected,
      clock: clockOf(this.lab.runs, this.measure),
      turn: this.spin.turn,
      tilt: this.spin.tilt,
      count: this.count,
      window: this.window,
      guess: this.guess,
      veiled: this.veiled,
    };
    const runs = shownRuns(this.scene).length > 0;
    for (const name of VIEWS) {
      const made = runs || name === "landscape" || name === "surface" || name === "fit" ? MAKERS[name](this.scene) : null;
      this.views[name] = made;
      const tab = byId("tab-" + name);
      tab.hidden = !made;
    }
    this.tick = Math.min(this.tick, this.length - 1);
    this.dress();
    this.draw();
  }

  /** The words around the picture. */
  dress() {
    for (const name of VIEWS) {
      const tab = byId("tab-" + name);
      tab.setAttribute("aria-selected", String(name === this.view));
      tab.tabIndex = name === this.view ? 0 : -1;
    }
    byId("panel").setAttribute("aria-labelledby", "tab-" + this.view);
    byId("scales").hidden = this.view !== "loss" || !this.scene;
    if (this.scene && this.view === "loss") {
      const real = lossScale(this.scene).scale;
      for (const button of byId("scales").querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.value === real));
    }
    byId("turns").hidden = this.view !== "surface";
    byId("zooms").hidden = this.view !== "landscape" || !this.lab?.pictures.landscape?.names;
    const about = this.views[this.view]?.about ?? "";
    const land = this.lab?.pictures.landscape;
    this.main.setAttribute("aria-label", about);
    byId("caption").textContent = about + ["", ...(this.view === "landscape" || this.view === "surface" ? [said(land?.plane?.text), said(land?.standardised)] : [])].filter((part, i) => !i || part).join(" ");
    this.main.classList.toggle("turnable", this.view === "surface");
    this.fillTable();
  }

  /** @param {string} name */
  show(name) {
    if (!this.views[name]) return;
    this.view = name;
    this.dress();
    this.draw();
    this.moved();
  }

  /** @param {KeyboardEvent} event @param {string} name */
  tabKey(event, name) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const open = VIEWS.filter((one) => this.views[one]);
    const next = open[(open.indexOf(name) + step + open.length) % open.length];
    this.show(next);
    byId("tab-" + next).focus();
  }

  /** Another scale, run, measure, theme or language. @param {Partial<{scale: string, selected: number, measure: any}>} change */
  change(change) {
    const place = this.length > 1 ? this.tick / (this.length - 1) : 1;
    Object.assign(this, change);
    this.refresh();
    if (change.measure) this.seek(Math.round(place * (this.length - 1)));
    this.moved();
  }

  /** @param {number} tick */
  seek(tick) {
    this.tick = Math.max(0, Math.min(this.length - 1, Math.round(tick)));
    this.fillTable();
    this.draw();
    this.moved();
  }

  play() {
    if (this.playing || this.length < 2) return;
    if (this.tick >= this.length - 1) this.seek(0);
    this.playing = true;
    const due = pacing(movedBy(/** @type {Scene} */ (this.scene)), /** @type {Record<string, number>} */ (PACES)[this.pace]);
    let at = due[this.tick];
    this.last = performance.now();
    this.drawn = 0;
    document.body.classList.add("playing");
    const turn = (/** @type {number} */ now) => {
      if (!this.playing) return;
      at += Math.min(100, now - this.last) / 1000;
      this.last = now;
      while (this.tick < this.length - 1 && due[this.tick + 1] <= at) this.tick += 1;
      this.drawn += 1;
      this.draw();
      this.moved();
      if (this.tick >= this.length - 1) this.pause();
      else requestAnimationFrame(turn);
    };
    requestAnimationFrame(turn);
    this.moved();
  }

  pause() {
    if (!this.playing) return;
    this.playing = false;
    document.body.classList.remove("playing");
    this.fillTable();
    this.draw();
    this.moved();
  }

  /** @param {number} turn @param {number} tilt */
  rotate(turn, tilt) {
    this.spin = { turn: this.spin.turn + turn, tilt: Math.max(0.12, Math.min(1.45, this.spin.tilt + tilt)) };
    if (!this.scene) return;
    Object.assign(this.scene, this.spin);
    this.views.surface = surfaceView(this.scene);
    this.count += 1;
    this.draw();
  }

  /** The frame of the large picture. @returns {import("./axes.js").Frame|null} */
  get frame() {
    return this.views[this.view]?.frame?.(this.sizeOf(this.main, false)) ?? null;
  }

  /** What the landscape's frame shows now: [least, most] for each weight. @returns {number[][]} */
  shown() {
    const f = /** @type {import("./axes.js").Frame} */ (this.frame);
    const axes = this.lab?.pictures.landscape?.kind === "grid" ? [f.x, f.y] : [f.x];
    return axes.map((axis) => [axis.low, axis.high]);
  }

  /** Show another part of the landscape; the server then computes F there. @param {number[][]|null} window */
  look(window) {
    this.window = window;
    this.refresh();
    this.looked();
  }

  /** Nearer (a factor below 1) or farther, about a place. @param {number} factor @param {number[]} [about] else where the run stands */
  zoomBy(factor, about) {
    const path = this.scene ? chosenRun(this.scene)?.run.path : null;
    const k = this.scene ? frameAt(this.scene, this.selected, this.tick) : 0;
    if (this.view !== "landscape" || !this.lab?.pictures.landscape?.names) return;
    const place = about ?? [path?.x[k], path?.y?.[k]];
    this.look(this.shown().map(([low, high], i) => {
      const middle = place[i] !== undefined && place[i] !== null && place[i] > low && place[i] < high ? place[i] : (low + high) / 2;
      return [middle + (low - middle) * factor, middle + (high - middle) * factor];
    }));
  }

  /** Where the end of each run stands in the race. */
  standing() {
    const { scene } = this;
    if (!scene) return [];
    return shownRuns(scene).map((one) => {
      const k = frameAt(scene, one.index, this.tick);
      return { ...one, frame: k, place: along(one.run, k, this.measure), loss: one.run.full[k] ?? one.run.trace.loss[Math.max(0, k - 1)] };
    });
  }

  /** Pictures grow with the type around them, so that a projector's are read from the back of the room. */
  get zoom() {
    return Math.max(1, parseFloat(getComputedStyle(document.documentElement).fontSize) / 14);
  }

  /** How large a canvas is, in the units that pictures are drawn in. @param {HTMLCanvasElement} canvas @param {boolean} small */
  sizeOf(canvas, small) {
    return { width: canvas.clientWidth / this.zoom, height: canvas.clientHeight / this.zoom, small };
  }

  draw() {
    if (!this.scene) return;
    this.paint(this.main, this.view, false);
    // While it plays or is dragged, the small pictures take turns: one of them with each picture of the large one.
    const open = VIEWS.filter((name) => this.views[name]);
    const turn = this.playing || this.lab?.draft ? [open[this.drawn % open.length]] : open;
    for (const name of turn) this.paint(this.small[name], name, true);
  }

  /** @param {HTMLCanvasElement} canvas @param {string} name @param {boolean} small */
  paint(canvas, name, small) {
    const view = this.views[name];
    const size = this.sizeOf(canvas, small);
    const { width, height } = size;
    if (!view || !width || !height) return;
    const ratio = Math.min(2, window.devicePixelRatio || 1) * this.zoom;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    const mark = `${name} ${this.count} ${canvas.width} ${canvas.height}`;
    let ground = this.grounds.get(canvas);
    if (!ground || ground.mark !== mark) {
      ground = { mark, canvas: ground?.canvas ?? document.createElement("canvas") };
      ground.canvas.width = canvas.width;
      ground.canvas.height = canvas.height;
      const still = /** @type {CanvasRenderingContext2D} */ (ground.canvas.getContext("2d"));
      still.setTransform(ratio, 0, 0, ratio, 0, 0);
      const pen = new CanvasPen(still, width, height);
      pen.rect(0, 0, width, height, look().paper);
      view.ground(pen, size);
      this.grounds.set(canvas, ground);
    }
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.drawImage(ground.canvas, 0, 0);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    view.moving(new CanvasPen(context, width, height), size, this.tick);
  }

  /** The large picture as SVG text. */
  svg() {
    const view = this.views[this.view];
    const [width, height] = [960, 600];
    const pen = new SvgPen(width, height);
    pen.rect(0, 0, width, height, look().paper);
    view?.ground(pen, { width, height, small: false });
    view?.moving(pen, { width, height, small: false }, this.tick);
    return pen.toString();
  }

  /** The large picture as PNG, two dots a point. @returns {Promise<Blob|null>} */
  png() {
    const view = this.views[this.view];
    const [width, height] = [960, 600];
    const canvas = make("canvas", { width: width * 2, height: height * 2 });
    const context = canvas.getContext("2d");
    context.scale(2, 2);
    const pen = new CanvasPen(context, width, height);
    pen.rect(0, 0, width, height, look().paper);
    view?.ground(pen, { width, height, small: false });
    view?.moving(pen, { width, height, small: false }, this.tick);
    return new Promise((done) => canvas.toBlob(done));
  }

  /** The table behind the picture, made when it is open. */
  fillTable() {
    const details = byId("table");
    if (!details.open || this.playing || !this.scene) return;
    const view = this.view === "surface" ? this.views.landscape : this.views[this.view];
    const table = view?.table(this.tick);
    byId("numbers").replaceChildren(table ? tableElement(table, view?.about ?? "") : "");
  }

  /** "step 12 of 100 · epoch 12" */
  position() {
    const { scene } = this;
    if (!scene) return "";
    const chosen = this.standing().find((one) => one.index === this.selected) ?? this.standing()[0];
    if (!chosen) return "";
    const step = chosen.frame === 0 ? 0 : chosen.run.trace.step[chosen.frame - 1];
    return word("position", { step: figure(step), steps: figure(chosen.run.trace.step.at(-1) ?? 0), epoch: figure(chosen.run.frame_epoch[chosen.frame], 4) });
  }
}
