// A lesson: cards of one sentence and one state of the picture, predictions, and questions that are checked on the spot.
import { fetched } from "./server.js";
import { byId, make, said, word } from "./words.js";

/** @typedef {import("./types.js").Lab} Lab */
/** @typedef {import("./types.js").Lesson} Lesson */
/** @typedef {import("./types.js").Card} Card */
/** @typedef {{lab: () => Lab|null, turn: (card: number) => void, show: (card: Card) => void, next: () => void,
 *   last: boolean, reveal: () => void, awaits: (veiled: boolean, guess: number|null) => void}} Hands  reveal: play what was predicted */

const SEEN = "downslope-lessons";
const given = /** @type {Map<string, string>} */ (new Map()); // what was typed or chosen, which another language keeps

/** Where this browser stands in the course: the card that was read last, and the lessons read to their end.
 * @param {{at?: number[], done?: number[]}} [more] @returns {{at: number[]|null, done: number[]}} */
export function progress(more) {
  try {
    const found = { at: null, done: [], ...JSON.parse(localStorage.getItem(SEEN) ?? "{}"), ...more };
    if (more) localStorage.setItem(SEEN, JSON.stringify(found));
    return found;
  } catch {
    return { at: null, done: [] }; // a frame that may keep nothing
  }
}

/** A card for each state, and a last one with what was learned: all states on one picture. @param {Lesson} lesson @returns {Card[]} */
export function cardsOf(lesson) {
  return [...lesson.cards, { text: lesson.learned, problem: lesson.problem, runs: lesson.runs, view: lesson.view, predict: null }];
}

/** The question that is to be answered before this card plays. @param {Lesson} lesson @param {number} card */
export function awaited(lesson, card) {
  const { predict } = cardsOf(lesson)[card] ?? {};
  return predict && !given.has(predict) ? lesson.questions.find((question) => question.id === predict) : null;
}

/** @param {Lesson|null} lesson @param {number} now which card @param {Hands} hands */
export function buildLesson(lesson, now, hands) {
  const [box, reading] = [byId("lesson"), byId("reading")];
  const focused = document.activeElement?.id ?? "";
  box.hidden = reading.hidden = !lesson;
  document.body.classList.remove("predicting");
  if (!lesson) return hands.awaits(false, null);
  const cards = cardsOf(lesson);
  const card = cards[now];
  const last = now === cards.length - 1;
  const waits = awaited(lesson, now);
  document.body.classList.toggle("predicting", Boolean(waits));
  const predict = lesson.questions.find((question) => question.id === card.predict);
  const show = make("button", { type: "button", id: "card-show", class: "show strong", onclick: () => (waits ? reveal("") : hands.show(card)) }, word(waits ? "show_anyway" : "show_me"));
  /** @param {string} answer */
  function reveal(answer) {
    given.set(card.predict ?? "", answer);
    buildLesson(lesson, now, hands);
    hands.reveal();
  }
  const turn = (/** @type {string} */ id, /** @type {string} */ text, /** @type {boolean} */ open, /** @type {() => void} */ to) =>
    make("button", { type: "button", id, disabled: !open, onclick: to }, word(text));
  box.replaceChildren(
    make("h2", {}, `${lesson.number} · ${said(lesson.title)}`),
    ...(lesson.why && now === 0 ? [make("p", { class: "why" }, said(lesson.why).replace(/([^\x00-\u2e7f])\n/g, "$1"))] : []),
    ...(predict ? [make("h3", {}, word("predict")), prediction(predict, reveal)] : []),
    ...(waits ? [] : [make("p", { class: last ? "learned" : "sentence" }, said(card.text))]),
    make("div", { class: "turns" }, turn("card-back", "card_back", now > 0, () => hands.turn(now - 1)), make("span", { class: "hint" }, word("card_of", { at: now + 1, of: cards.length })),
      show, last ? turn("card-next", "lesson_next", !hands.last, hands.next) : turn("card-next", "card_next", true, () => hands.turn(now + 1))),
  );
  hands.awaits(Boolean(waits), predict && !predict.choices.length && !waits ? numberOf(given.get(predict.id) ?? "") : null);
  const stages = lesson.parts.map((part) =>
    make("section", {}, make("h3", {}, said(part.name)), ...blocks(said(part.text)), ...(part.outcome ? blocks(said(part.outcome), "outcome") : [])),
  );
  reading.replaceChildren(
    ...questions(lesson.questions.filter((question) => !question.predict), hands.lab),
    pictures(lesson),
    make("details", { class: "text", open: reading.querySelector(".text")?.open }, make("summary", {}, word("lesson_text")), ...stages, make("p", { class: "command", tabindex: "0" }, make("code", {}, lesson.command))),
  );
  if (focused) (byId(focused) ?? byId("card-show"))?.focus({ preventScroll: true });
}

/** A question asked first: the guess stays, as a ghost beside the truth. @param {any} question @param {(answer: string) => void} reveal */
function prediction(question, reveal) {
  const answer = given.get(question.id);
  const guess = numberOf(answer ?? "");
  const number = !question.choices.length;
  const right = number ? Math.abs(guess - question.answer) <= question.tolerance : Number(answer) === question.answer;
  const mark = answer ? make("p", { class: "mark " + (right ? "right" : "wrong"), role: "status" }, said(right ? question.right : question.wrong)) : null;
  const input = make("input", { type: "text", inputmode: "decimal", id: "prediction", "aria-label": said(question.ask), value: "" });
  const send = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!Number.isNaN(numberOf(input.value))) reveal(input.value);
  };
  const choice = (/** @type {any} */ text, /** @type {number} */ i) =>
    make("button", { type: "button", class: answer === undefined ? "" : i + 1 === question.answer ? "truth" : String(i + 1) === answer ? "ghost" : "", disabled: answer !== undefined, onclick: () => reveal(String(i + 1)) },
      said(text), String(i + 1) === answer ? make("small", {}, word("your_guess")) : null);
  return make("div", { class: "prediction" }, make("p", {}, said(question.ask)),
    number && answer === undefined ? make("form", { class: "answer", onsubmit: send }, input, make("button", { type: "submit" }, word("check")), make("small", { class: "hint" }, word("guess_click"))) : null,
    number && answer ? make("small", {}, `${answer} · ${word("your_guess")}`) : null, ...question.choices.map(choice), mark);
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

/** @param {any[]} list @param {() => Lab|null} lab */
function questions(list, lab) {
  return list.length ? [make("h3", {}, word("questions")), make("ol", { class: "questions" }, list.map((question) => questionItem(question, lab)))] : [];
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
