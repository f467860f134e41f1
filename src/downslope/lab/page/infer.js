// What the model says now: the fitted equation in the data's units, and its answer for a place that is typed or pointed at.
import { byId, figure, language, make, word } from "./words.js";
import { classAt } from "./draw_fit.js";
import { numberOf } from "./lesson.js";
import { keyframe } from "./scene.js";

/** @typedef {import("./stage.js").Stage} Stage */
/** @typedef {import("./types.js").Run} Run */
/** @typedef {import("./types.js").Rows} Rows */

const shown = { mark: "", inputs: /** @type {any[]} */ ([]), equation: /** @type {any} */ (null), answer: /** @type {any} */ (null), typed: /** @type {Record<string, string>} */ ({}) };

/** The columns that a place has in the picture of the fit. @param {Run} run @param {Rows} rows @returns {string[]} */
function placeOfFit(run, rows) {
  if (run.fit?.kind === "regions") return (run.fit.features ?? []).map((j) => rows.features[j]);
  return run.fit?.kind ? [rows.features[0]] : [];
}

/** @param {Stage} stage */
export function showInference(stage) {
  const box = byId("infer");
  const one = stage.standing().find((s) => s.index === stage.selected) ?? stage.standing()[0];
  const rows = stage.lab?.problem.rows ?? null;
  const names = one && rows ? placeOfFit(one.run, rows) : [];
  const equation = one && rows ? equationOf(one.run, rows, one.frame) : "";
  box.hidden = !equation && !names.length;
  if (!one || !rows || box.hidden) return;
  const within = one.run.fit?.kind !== "line"; // a curve is known only where it was computed
  const mark = [language(), within, ...names, rows.target].join("\n");
  if (shown.mark !== mark) build(box, stage, names, rows, mark, within);
  shown.equation.textContent = equation;
  if (!names.length) return;
  const place = shown.inputs.map((input) => numberOf(input.value));
  const now = answerOf(one.run, rows, one.frame, place);
  shown.answer.textContent = one.run.fit?.kind === "regions" ? now : word("before_now", { before: answerOf(one.run, rows, 0, place), now });
}

/** @param {HTMLElement} box @param {Stage} stage @param {string[]} names @param {Rows} rows @param {string} mark @param {boolean} within */
function build(box, stage, names, rows, mark, within) {
  shown.mark = mark;
  shown.equation = make("p", { class: "fitted math" });
  shown.answer = make("output", { id: "answer", for: names.map((_, i) => "place-" + i).join(" ") });
  shown.inputs = names.map((name, i) => {
    const column = rows.X[rows.features.indexOf(name)] ?? [0];
    const beyond = Math.ceil(column.reduce((most, x) => Math.max(most, x), -Infinity) + 0.5); // a place that no row has
    const middle = figure(column.reduce((sum, x) => sum + x, 0) / column.length, 3);
    const input = make("input", { type: "text", inputmode: "decimal", id: "place-" + i, value: shown.typed[name] ?? (within ? middle : figure(beyond)) });
    input.addEventListener("input", () => {
      shown.typed[name] = input.value;
      showInference(stage);
    });
    return input;
  });
  const fields = names.map((name, i) => make("label", {}, `${name} = `, shown.inputs[i]));
  box.replaceChildren(shown.equation, names.length ? make("div", { class: "pair" }, fields, " → ", shown.answer) : "");
}

/** A hand points at a place of the picture. @param {Stage} stage @param {number[]} place */
export function pointAt(stage, place) {
  if (byId("infer").hidden || place.length !== shown.inputs.length || shown.inputs.includes(document.activeElement)) return;
  shown.inputs.forEach((input, i) => (input.value = figure(place[i], 3)));
  showInference(stage);
}

/** "y = 2·x + 0.5", of a linear model whose columns are few. @param {Run} run @param {Rows} rows @param {number} frame */
function equationOf(run, rows, frame) {
  const { names, columns, left_out } = run.params;
  const loss = run.settings.loss;
  const linear = names.length && !left_out && names.length <= 7 && run.settings.hidden === null && names.every((name) => rows.features.includes(name) || /intercept\)?$/.test(name));
  if (!linear || (rows.classes && rows.classes.length > 2)) return "";
  const terms = names.map((name, j) => ({ at: columns[j][frame], text: rows.features.includes(name) ? "·" + name : "" })).filter((term) => term.at !== null && term.at !== undefined);
  const sum = terms.map(({ at, text }, j) => `${j ? (Number(at) < 0 ? " − " : " + ") : Number(at) < 0 ? "−" : ""}${figure(Math.abs(Number(at)), 5)}${text}`).join("");
  if (rows.classes) return loss === "log" ? `P(${rows.target} = ${rows.classes[1]}) = σ(${sum})` : `z = ${sum}`;
  return loss === "poisson" ? `${rows.target} = exp(${sum})` : `${rows.target} = ${sum}`;
}

/** What the model says at a place: from the line itself, else between the places that were computed. @param {Run} run @param {Rows} rows @param {number} frame @param {number[]} place */
function answerOf(run, rows, frame, place) {
  const fit = /** @type {any} */ (run.fit);
  if (place.some(Number.isNaN)) return "–";
  if (fit.kind === "regions") {
    const [u, v] = [fit.x, fit.y].map((axis, i) => ((place[i] - axis[0]) / (axis.at(-1) - axis[0])) * (axis.length - 1));
    if (u < 0 || v < 0 || u > fit.x.length - 1 || v > fit.y.length - 1) return word("outside");
    const { mine, chance } = classAt(fit, keyframe(fit.at, frame), u, v);
    return `${word("class")} ${rows.classes?.[mine] ?? mine}${chance === null ? "" : ` (≈ ${Math.round(chance)}%)`}`;
  }
  const z = fit.z[fit.kind === "line" ? frame : keyframe(fit.at, frame)] ?? [];
  const t = ((place[0] - fit.x[0]) / (fit.x.at(-1) - fit.x[0])) * (fit.x.length - 1);
  if (fit.kind !== "line" && (t < 0 || t > fit.x.length - 1)) return word("outside");
  const k = Math.max(0, Math.min(fit.x.length - 2, Math.floor(t)));
  const value = z[k] === null || z[k + 1] === null ? null : z[k] + (t - k) * (z[k + 1] - z[k]);
  return (fit.kind === "line" ? "" : "≈ ") + figure(value, 6);
}
