// A run in words: the step in numbers, the verdict with its remedies, the list of runs and their race.
import { byId, figure, language, make, said, word } from "./words.js";
import { lastFrame } from "./scene.js";

/** @typedef {import("./stage.js").Stage} Stage */
/** @typedef {import("./types.js").Run} Run */

const written = { of: /** @type {any} */ (null), lang: "", cells: /** @type {any[]} */ ([]), seen: /** @type {any} */ (null) };

/** `w ← w − η·g = 1.000 − 0.010 × (−9.333) = 1.093`, coloured as the arrows are. @param {Stage} stage */
export function showStep(stage) {
  const box = byId("step");
  const one = stage.standing().find((s) => s.index === stage.selected) ?? stage.standing()[0];
  const words = one?.run.words;
  box.hidden = !words || one.run.trace.step.length === 0;
  if (!one || !words || box.hidden) {
    written.of = null;
    return;
  }
  if (written.of !== words || written.lang !== language()) buildStep(box, words, one.run);
  box.style.setProperty("--run", one.colour);
  const i = Math.max(0, one.frame - 1);
  words.weights.forEach((weight, j) => {
    const cells = written.cells[j];
    for (const name of ["before", "rate", "gradient", "after", "change"])
      for (const span of cells[name]) span.textContent = /** @type {any} */ (weight)[name][i];
  });
  const seen = words.seen[i];
  const text = one.frame === 0 ? word("step_next") : word("step_done", { step: figure(one.run.trace.step[i]) });
  written.seen.textContent = [text, seen ? word("step_saw", { rows: said(seen) }) : "", word("step_loss", { loss: words.loss[i] })].filter(Boolean).join(" · ");
}

/** @param {HTMLElement} box @param {import("./types.js").Words} words @param {Run} run */
function buildStep(box, words, run) {
  written.of = words;
  written.lang = language();
  written.seen = make("p", { class: "hint" });
  written.cells = [];
  const lines = words.weights.map((weight) => {
    const cells = /** @type {Record<string, HTMLElement[]>} */ ({ before: [], rate: [], gradient: [], after: [], change: [] });
    written.cells.push(cells);
    const cell = (/** @type {string} */ name, /** @type {string} */ kind) => {
      const span = make("span", { class: kind });
      cells[name].push(span);
      return span;
    };
    const name = () => make("i", {}, weight.name);
    if (words.form === "plain")
      return make(
        "p",
        { class: "equation math" },
        name(), " ← ", name(), " − ", make("span", { class: "product" }, "η·", make("span", { class: "gradient" }, "g")), " = ",
        cell("before", "value"), " − ", make("span", { class: "product" }, cell("rate", "eta"), " × ", cell("gradient", "gradient")), " = ", cell("after", "after"),
      );
    return make(
      "p",
      { class: "equation math" },
      name(), " ← ", run.rule && !run.rule.startsWith("prox") ? [name(), ` ${run.rule} = `] : "", cell("before", "value"), " + ", make("span", { class: "product" }, cell("change", "value")), " = ", cell("after", "after"),
      make("span", { class: "aside" }, " g = ", cell("gradient", "gradient")),
    );
  });
  const key = make("p", { class: "hint key" }, make("span", { class: "product" }, word("key_step") + (run.rule ? `: ${run.rule}` : "")), " ", make("span", { class: "gradient" }, word("key_gradient")), words.scaled ? " · " + said(words.scaled) : "");
  box.replaceChildren(make("div", { class: "head" }, written.seen, key), ...lines, run.params.left_out || run.params.columns.length > words.weights.length ? make("p", { class: "hint" }, word("more_weights", { count: run.params.columns.length + run.params.left_out - words.weights.length })) : "");
}

const METRICS = /** @type {Record<string, () => string>} */ ({ r2: () => "R²", rmse: () => "RMSE", mae: () => "MAE", roc_auc: () => "ROC AUC", accuracy: () => word("accuracy"), log_loss: () => word("log_loss") });
const WHERE = /** @type {Record<string, () => string>} */ ({ validation: () => word("on_validation"), test: () => word("on_test") });

/** @param {Run|null} run @param {string} colour @param {(change: any) => void} apply @param {boolean} offline @param {boolean} [draft] the verdict follows when the hand rests */
export function showVerdict(run, colour, apply, offline, draft) {
  const box = byId("verdict");
  const verdict = run?.verdict;
  box.classList.toggle("waits", Boolean(draft));
  if (draft && !box.hidden && !run?.error) return;
  box.hidden = !run || (!verdict && !run.error);
  if (box.hidden || !run) return;
  box.style.setProperty("--run", colour);
  box.classList.toggle("failed", Boolean(verdict?.failed || run.error));
  if (!verdict) {
    box.replaceChildren(make("p", { class: "sentence" }, said(run.error)));
    return;
  }
  const sentences = [verdict, ...(run.findings ?? [])].flatMap((found, place) => {
    const remedies = found.remedies.map((remedy, i) =>
      remedy.change && !offline
        ? make("button", { type: "button", class: "remedy", id: "remedy-" + (place ? place + "-" : "") + i, "data-control": "runs", title: word("remedy_told"), onclick: () => apply(remedy.change) }, said(remedy.text))
        : make("p", { class: "remedy" }, said(remedy.text)),
    );
    return [make("p", { class: "sentence" }, said(found.text)), remedies.length ? make("div", { class: "remedies" }, remedies) : ""];
  });
  const metrics = Object.entries(run.metrics ?? {}).flatMap(([where, values]) =>
    Object.entries(values ?? {}).filter(([, v]) => typeof v === "number").slice(0, 5).map(([name, v]) => `${where === "training" ? "" : (WHERE[where]?.() ?? where) + " "}${METRICS[name]?.() ?? name} ${figure(v, 5)}`),
  );
  box.replaceChildren(
    ...sentences,
    run.thinned ? make("p", { class: "hint" }, said(run.thinned)) : "",
    metrics.length ? make("p", { class: "hint" }, metrics.join(" · ")) : "",
  );
}

/** The list of runs: colour, name, loss and weights now, place in the race.
 * @param {Stage} stage @param {(index: number) => void} select @param {(index: number) => void} drop @param {boolean} offline */
export function buildRuns(stage, select, drop, offline) {
  const runs = stage.lab?.runs ?? [];
  const { colours } = /** @type {any} */ (stage.scene);
  byId("runs").replaceChildren(
    ...runs.map((run, i) => {
      const colour = colours.lines[i % 6];
      const sample = make("span", { class: "sample dash-" + (i % 6), style: `--run:${colour}` });
      return make(
        "li",
        { class: i === stage.selected ? "chosen" : "" },
        make(
          "button",
          { type: "button", id: "run-" + i, "aria-pressed": String(i === stage.selected), onclick: () => select(i) },
          sample,
          make("span", { class: "name" }, said(run.label)),
          make("span", { class: "now", id: "now-" + i }, run.error ? word("refused") : ""),
        ),
        runs.length > 1 && !offline ? make("button", { type: "button", class: "drop-run", "data-control": "runs", "aria-label": word("drop_run", { name: said(run.label) }), onclick: () => drop(i) }, "×") : null,
      );
    }),
  );
  byId("race").hidden = byId("measure").hidden = runs.length < 2;
}

/** @param {Stage} stage */
export function showRuns(stage) {
  const standing = stage.standing();
  const line = /** @type {HTMLElement|null} */ (document.querySelector("#source .moves")); // of a watched script: the line that moves the weights
  if (line && standing[0]) line.dataset.now = `${stage.position()} · ${word("loss")} ${figure(standing[0].loss, 5)}`;
  const order = standing.length > 1 ? [...standing].sort((a, b) => (a.loss ?? Infinity) - (b.loss ?? Infinity)) : [];
  for (const one of standing) {
    const cell = byId("now-" + one.index);
    if (!cell) continue;
    const gone = one.run.diverged && one.frame >= lastFrame(one.run);
    const rank = order.length ? order.findIndex((other) => other.index === one.index) + 1 : 0;
    cell.textContent = gone ? "✕ " + word("off_chart") : `${rank ? word("rank", { rank }) + " · " : ""}${word("loss")} ${figure(one.loss, 5)}`;
    cell.parentElement?.parentElement?.classList.toggle("leads", rank === 1);
  }
}

/** Explain why a run is frozen, or why there is none yet. @param {Stage} stage */
export function showFrozen(stage) {
  const box = byId("frozen");
  const one = stage.standing().find((s) => s.index === stage.selected);
  const gone = one?.run.diverged && one.frame >= lastFrame(one.run) ? one.run.diverged : null;
  const text = gone ? said(gone.why) : stage.note;
  box.hidden = !text;
  if (box.textContent !== text) box.textContent = text;
}
