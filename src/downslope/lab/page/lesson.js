// A lesson: its four stages in words, and questions that are checked on the spot.
import { fetched } from "./server.js";
import { byId, make, said, word } from "./words.js";

/** @typedef {import("./types.js").Lab} Lab */

/** @param {import("./types.js").Lesson|null} lesson @param {() => Lab|null} lab @param {(card: any) => void} show */
export function buildLesson(lesson, lab, show) {
  const box = byId("lesson");
  box.hidden = !lesson;
  if (!lesson) return;
  const stages = lesson.parts.map((part) =>
    make("section", {}, make("h3", {}, said(part.name)), ...blocks(said(part.text)), ...(part.outcome ? blocks(said(part.outcome), "outcome") : [])),
  );
  const asked = (/** @type {boolean} */ predict) => lesson.questions.filter((question) => question.predict === predict);
  box.replaceChildren(
    make("h2", {}, `${lesson.number} · ${said(lesson.title)}`),
    ...(lesson.why ? [make("p", { class: "why" }, said(lesson.why))] : []),
    ...questions("predict", asked(true), lab),
    ...(lesson.cards.length ? [make("ol", { class: "cards" }, lesson.cards.map((card) => cardItem(card, show)))] : []),
    ...stages,
    pictures(lesson),
    make("p", { class: "learned" }, said(lesson.learned)),
    make("p", { class: "command", tabindex: "0" }, make("code", {}, lesson.command)),
    ...questions("questions", asked(false), lab),
  );
}

/** The lesson's own pictures, drawn when they are asked for. @param {import("./types.js").Lesson} lesson */
function pictures(lesson) {
  const image = make("img", { alt: word("lesson_pictures") });
  const enlarge = make("button", { type: "button", "aria-label": word("lesson_pictures"), onclick: () => enlarge.classList.toggle("large") }, image);
  const details = make("details", { class: "pictures" }, make("summary", {}, word("lesson_pictures")), enlarge);
  const draw = async () => {
    if (!details.open || image.src) return;
    const { svg } = await fetched(`/api/lessons/${lesson.number}/picture`);
    image.src = "data:image/svg+xml," + encodeURIComponent(said(svg));
  };
  details.addEventListener("toggle", () => void draw().catch((error) => details.append(String(error.message ?? error))));
  return details;
}

/** @param {string} title @param {any[]} list @param {() => Lab|null} lab */
function questions(title, list, lab) {
  return list.length ? [make("h3", {}, word(title)), make("ol", { class: "questions" }, list.map((question) => questionItem(question, lab)))] : [];
}

/** One sentence and one state of the picture. @param {any} card @param {(card: any) => void} show */
function cardItem(card, show) {
  return make("li", {}, make("p", {}, said(card.text)), make("button", { type: "button", onclick: () => show(card) }, word("show_me")));
}

/** Paragraphs, and what is indented as it stands: code, tables, formulas; a sentence alone is wrapped. @param {string} text @param {string} [kind] */
function blocks(text, kind = "") {
  return text.split(/((?:^ {4}.*\n?)+)/m).filter((part) => part.trim()).map((part) => {
    if (!part.startsWith("    ")) return make("p", { class: kind }, part.trim());
    const set = part.replace(/^ {4}/gm, "").trimEnd();
    return /\n| {2}/.test(set) ? make("pre", { class: "set " + kind, tabindex: "0" }, set) : make("p", { class: "indented " + kind }, set);
  });
}

/** A number as people write it: 20,000 and 20.5, 0,5, 1/2, １２, −3. @param {string} text @returns {number} NaN for none */
export function numberOf(text) {
  const plain = text.normalize("NFKC").replace(/[−–]/g, "-").replace(/[\s_]/g, "");
  if (plain === "") return NaN;
  const parts = plain.split("/");
  if (parts.length === 2) return numberOf(parts[0]) / numberOf(parts[1]);
  if (/^[+-]?\d{1,3}(,\d{3})+(\.\d*)?$/.test(plain)) return Number(plain.replace(/,/g, ""));
  return Number(plain.replace(",", "."));
}

const given = /** @type {Map<string, string>} */ (new Map()); // what was typed, which another language keeps

/** @param {any} question @param {() => Lab|null} lab */
function questionItem(question, lab) {
  const number = question.kind === "number" && !question.choices.length;
  const input = number ? make("input", { type: "text", inputmode: "decimal", id: "answer-" + question.id, "aria-label": said(question.ask) }) : null;
  if (input) {
    input.value = given.get(question.id) ?? "";
    input.addEventListener("input", () => given.set(question.id, input.value));
  }
  const mark = make("p", { class: "mark", role: "status" });
  const tell = (/** @type {boolean} */ right) => {
    mark.textContent = said(right ? question.right : question.wrong);
    mark.className = "mark " + (right ? "right" : "wrong");
  };
  if (question.choices.length)
    return make("li", {}, make("p", {}, said(question.ask)), ...question.choices.map((/** @type {any} */ choice, /** @type {number} */ i) => make("button", { type: "button", onclick: () => tell(i + 1 === question.answer) }, said(choice))), mark);
  const check = (/** @type {Event} */ event) => {
    event.preventDefault();
    const answer = numberOf(input?.value ?? "");
    if (number && Number.isNaN(answer)) {
      mark.textContent = word("no_number");
      mark.className = "mark wrong";
      return;
    }
    tell(number ? Math.abs(answer - question.answer) <= question.tolerance : reached(question.reach, lab()));
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
