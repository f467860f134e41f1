// `downslope fit --lab`: a run that is watched as it goes, with pause and stop.
import { byId, said, word } from "./words.js";
import { eachLine, posted } from "./server.js";
import { growingDocument } from "./growing.js";

/** A run as it goes: its loss grows until it is over.
 * @param {import("./stage.js").Stage} stage @param {(lab: any) => void} over @param {(error: any) => void} failed */
export async function watch(stage, over, failed) {
  const growing = { epoch: /** @type {number[]} */ ([]), loss: /** @type {number[]} */ ([]) };
  let about = /** @type {any} */ ({ title: "", names: [] });
  let shown = 0;
  byId("live").hidden = false;
  document.body.classList.add("live");
  const show = (/** @type {string} */ state) => {
    byId("live-pause").textContent = word(state === "paused" ? "live_go" : "live_pause");
    byId("live-pause").value = state;
  };
  const send = async (/** @type {string} */ what) => show((await (await posted("/api/live", { do: what })).json()).state);
  byId("live-pause").addEventListener("click", () => send(byId("live-pause").value === "paused" ? "go" : "pause").catch(failed));
  byId("live-stop").addEventListener("click", () => send("stop").catch(failed));
  const answer = await fetch("/api/live");
  await eachLine(answer, (line) => {
    if (line.about) about = line.about;
    if (line.state) show(line.state);
    if (line.more) {
      growing.epoch.push(...line.more.epoch);
      growing.loss.push(...line.more.loss);
      if (growing.loss.length && performance.now() - shown > 100) {
        shown = performance.now();
        stage.view = "loss";
        stage.play_document(growingDocument({ asked: { kind: "saved" }, kind: "trace", title: about.title, names: about.names, symbols: about.names, formulas: [], rows: null, minimum: null, notes: [] }, { 0: growing }, 1), null);
        byId("title").textContent = said(about.title);
        document.body.classList.remove("waiting");
      }
    }
    if (line.document) {
      byId("live").hidden = true;
      document.body.classList.replace("live", "opened");
      over(line.document);
    }
  });
}
