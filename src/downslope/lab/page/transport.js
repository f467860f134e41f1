// What plays and turns the pictures: its buttons and keys, which need nothing but the stage.
import { byId } from "./words.js";
import { VIEWS } from "./stage.js";
import { stage } from "./state.js";

/** All of it, from the start. */
export function race() {
  stage.pause();
  stage.seek(0);
  stage.play();
}

/** @param {number} by */
function step(by) {
  stage.pause();
  stage.seek(by === Infinity ? stage.length - 1 : stage.tick + by);
}

function rewind() {
  stage.pause();
  stage.seek(0);
}

export const transportKeys = /** @type {Record<string, (shift: boolean) => void>} */ ({
  " ": () => (stage.playing ? stage.pause() : stage.play()),
  ArrowRight: (shift) => step(shift ? 10 : 1),
  ArrowLeft: (shift) => step(shift ? -10 : -1),
  Home: rewind,
  End: () => step(Infinity),
  r: rewind,
  ...Object.fromEntries(VIEWS.map((view, i) => [String(i + 1), () => stage.show(view)])),
});

export function listenToTransport() {
  const on = (/** @type {string} */ id, /** @type {() => void} */ what) => byId(id).addEventListener("click", what);
  on("play", () => (stage.playing ? stage.pause() : stage.play()));
  on("rewind", rewind);
  on("back", () => step(-1));
  on("forth", () => step(1));
  on("end", () => step(Infinity));
  on("race", race);
  on("zoom-in", () => stage.zoomBy(0.7));
  on("zoom-out", () => stage.zoomBy(1 / 0.7));
  on("turn-left", () => stage.rotate(0.2, 0));
  on("turn-right", () => stage.rotate(-0.2, 0));
  on("turn-up", () => stage.rotate(0, 0.1));
  on("turn-down", () => stage.rotate(0, -0.1));
  byId("scrub").addEventListener("input", () => {
    stage.pause();
    stage.seek(Number(byId("scrub").value));
  });
  byId("pace").addEventListener("change", () => {
    const { playing } = stage;
    stage.pause();
    stage.pace = byId("pace").value;
    if (playing) stage.play();
  });
  byId("measure").addEventListener("change", () => stage.change({ measure: byId("measure").value }));
  byId("table").addEventListener("toggle", () => stage.fillTable());
  for (const button of byId("scales").querySelectorAll("button")) button.addEventListener("click", () => stage.change({ scale: button.value }));
}
