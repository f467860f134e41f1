// What the page holds: the problem, its runs, and the stage; and the address that tells all of it.
import { settled } from "./words.js";
import { differing, hashOf } from "./address.js";
import { cardsOf } from "./lesson.js";
import { posted } from "./server.js";
import { Stage } from "./stage.js";

/** @typedef {import("./types.js").Settings} Settings */

export const now = {
  page: /** @type {any} */ (null),
  asked: /** @type {any} */ (null),
  runs: /** @type {Settings[]} */ ([{}]),
  lesson: /** @type {import("./types.js").Lesson|null} */ (null),
  card: 0, // of the lesson
  offer: /** @type {import("./types.js").Offer|null} */ (null),
  table: /** @type {any} */ (null),
  hide: /** @type {string[]} */ ([]),
  theme: /** @type {string|null} */ (null),
  tongue: /** @type {string|null} */ (null), // only when the person chose it
  offline: false,
  hash: "",
  arriving: false, // an address is read, and not yet shown: nothing is written over it
  step: /** @type {string|null} */ (null), // what the browser's Back leads to: another problem is another step
  work: /** @type {AbortController|null} */ (null),
};

export const stage = new Stage();

/** @returns {import("./address.js").Place} */
function placeNow() {
  const defaults = now.offer?.defaults ?? {};
  const card = now.lesson && cardsOf(now.lesson)[now.card];
  const own = card && JSON.stringify([card.runs, card.problem]) === JSON.stringify([now.runs, now.asked]);
  return {
    problem: own ? null : now.asked,
    runs: own ? [] : now.runs.map((run) => differing(run, defaults)),
    lang: now.tongue,
    theme: now.theme,
    at: stage.tick === stage.length - 1 ? null : stage.tick,
    view: stage.wished,
    hide: now.hide,
    lesson: now.lesson?.number ?? null,
    card: now.lesson ? now.card : null,
  };
}

/** The address of what is shown. */
export function linkNow() {
  return `${location.origin}${location.pathname}${now.page?.token ? `?token=${now.page.token}` : ""}#${hashOf(placeNow())}`;
}

/** Whether what is hidden is what the lesson itself hides. */
export function lessonHides() {
  return JSON.stringify(now.hide) === JSON.stringify(now.lesson?.hide);
}

/** F in the part of the landscape that is shown now. */
export const lookSoon = settled(async (/** @type {(error: any) => void} */ fail) => {
  const { lab, window: shown } = stage;
  if (!shown || !lab || now.offline || now.work || now.asked?.kind === "saved") return;
  const answer = await posted("/api/window", { problem: now.asked, runs: now.runs, window: shown }).catch(fail);
  const land = answer ? await answer.json() : null;
  if (!land || stage.lab !== lab || stage.window !== shown) return;
  lab.pictures.landscape = land;
  stage.refresh();
  document.body.dataset.looks = String(Number(document.body.dataset.looks ?? 0) + 1);
}, 80);

/** What Back leads to: lesson and problem, but not where its points lie. */
function stepNow() {
  const { id, ...asked } = now.asked;
  return JSON.stringify([now.lesson?.number, asked.kind === "points" ? asked.task : asked]);
}

/** What the address asks for is on the page: whatever is chosen now, however soon, is a step of its own. */
export function arrived() {
  now.arriving = false;
  now.step ??= stepNow();
}

/** Keep the address in step, once things are quiet. */
export const writeAddress = settled(() => {
  if (now.offline || !now.asked || !stage.lab || now.work || now.arriving || location.hash.slice(1) !== now.hash) return; // Back was pressed a moment ago: its address is read first
  now.hash = hashOf(placeNow());
  const step = stepNow();
  if (now.step === null || now.step === step) history.replaceState(null, "", "#" + now.hash);
  else history.pushState(null, "", "#" + now.hash);
  now.step = step;
}, 150);
