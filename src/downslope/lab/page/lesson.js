// A lesson: its four stages in words, and questions that are checked on the spot.
import { byId, make, said, word } from "./words.js";

/** @typedef {import("./types.js").Lab} Lab */

/** @param {import("./types.js").Lesson|null} lesson @param {() => Lab|null} lab */
export function buildLesson(lesson, lab) {
  const box = byId("lesson");
  box.hidden = !lesson;
  if (!lesson) return;
  const stages = lesson.parts.map((part) =>
    make("section", {}, make("h3", {}, said(part.name)), make("p", {}, said(part.text)), part.outcome ? make("p", { class: "outcome" }, said(part.outcome)) : null),
  );
  box.replaceChildren(
    make("h2", {}, `${lesson.number} · ${said(lesson.title)}`),
    ...stages,
    make("p", { class: "learned" }, said(lesson.learned)),
    make("p", { class: "command" }, make("code", {}, lesson.command)),
    ...(lesson.questions.length ? [make("h3", {}, word("questions")), make("ol", { class: "questions" }, lesson.questions.map((question) => questionItem(question, lab)))] : []),
  );
}

/** @param {any} question @param {() => Lab|null} lab */
function questionItem(question, lab) {
  const number = question.kind === "number";
  const input = number ? make("input", { type: "text", inputmode: "decimal", id: "answer-" + question.id, "aria-label": said(question.ask) }) : null;
  const mark = make("p", { class: "mark", role: "status" });
  const check = (/** @type {Event} */ event) => {
    event.preventDefault();
    const given = Number(input?.value.trim().replace(/−/g, "-").replace(",", "."));
    if (number && (input.value.trim() === "" || Number.isNaN(given))) return;
    const right = number ? Math.abs(given - question.answer) <= question.tolerance : reached(question.reach, lab());
    mark.textContent = said(right ? question.right : question.wrong);
    mark.className = "mark " + (right ? "right" : "wrong");
  };
  return make("li", {}, make("form", { onsubmit: check }, make("p", {}, said(question.ask)), make("div", { class: "answer" }, input, make("button", { type: "submit", id: "check-" + question.id }, word("check"))), mark));
}

/** Whether one run fulfils all conditions. @param {any[]} conditions @param {Lab|null} lab */
export function reached(conditions, lab) {
  if (!lab) return false;
  return lab.runs.some((run) => conditions.every((condition) => holds(condition, valueOf(condition.of, run, lab))));
}

/** @param {string} path @param {import("./types.js").Run} run @param {Lab} lab @returns {any} */
function valueOf(path, run, lab) {
  if (path === "runs.length") return lab.runs.length;
  if (path.startsWith("final.")) return run.params?.columns[run.params.names.indexOf(path.slice(6))]?.at(-1);
  return path.split(".").reduce((/** @type {any} */ value, name) => value?.[name], run);
}

/** @param {any} condition @param {any} value */
function holds(condition, value) {
  if (value === null || value === undefined) return false;
  if ("is" in condition) return value === condition.is;
  if ("above" in condition && !(value > condition.above)) return false;
  if ("below" in condition && !(value < condition.below)) return false;
  if ("near" in condition && !(Math.abs(value - condition.near) <= (condition.within ?? 0))) return false;
  return true;
}
