// The course: lessons are opened, their cards turned, and each card sets the state of the picture.
import { fetched } from "./server.js";
import { awaited, buildLesson, cardsOf, progress } from "./lesson.js";
import { arrived, now, stage } from "./state.js";
import { race } from "./transport.js";
import { byId, said } from "./words.js";

/** What the page gives the course: its runs, its refusals, and the list of runs again. */
export const course = {
  compute: async (/** @type {{tick: number|null, play: boolean}} */ _how) => {},
  refused: (/** @type {any} */ _error) => {},
  revealed: () => {},
};

/** Begin a lesson. @param {number} number @param {import("./address.js").Place} [place] what the address says otherwise @param {number} [card] */
export async function openLesson(number, place, card = place?.card ?? 0) {
  if (!number) return;
  const mine = (opening += 1); // of several that are chosen quickly the last counts, however late another comes
  now.work?.abort();
  try {
    const lesson = await fetched("/api/lessons/" + number);
    if (mine !== opening) return;
    now.lesson = lesson;
    now.hide = place?.hide.length ? place.hide : lesson.hide;
    if (stage.lab) byId("title").textContent = said(lesson.title);
    await turn(card, place);
  } catch (error) {
    now.arriving &&= mine !== opening;
    if (mine === opening) course.refused(error);
  }
}
let opening = 0;

/** Something else is shown: a lesson that is still on its way is not. */
export function stopOpening() {
  opening += 1;
}

/** Another card of the lesson, whose state plays, unless a prediction is asked for or an address says how it stands.
 * @param {number} index @param {import("./address.js").Place} [place] */
function turn(index, place) {
  const lesson = /** @type {import("./types.js").Lesson} */ (now.lesson);
  const cards = cardsOf(lesson);
  now.card = Math.min(index, cards.length - 1);
  const last = now.card === cards.length - 1;
  if (!place) progress({ at: [lesson.number, now.card], ...(last ? { done: [...new Set([...progress().done, lesson.number])] } : {}) });
  const waits = awaited(lesson, now.card) && !place?.runs.length;
  return show(cards[now.card], place, !place && !waits && !window.matchMedia("(prefers-reduced-motion: reduce)").matches, waits ? 0 : null);
}

/** A state of the lesson. @param {import("./types.js").Card} card @param {import("./address.js").Place} [place] @param {boolean} [play] @param {number|null} [tick] */
function show(card, place, play = true, tick = null) {
  now.asked = place?.problem ?? card.problem;
  now.runs = place?.runs.length ? place.runs : card.runs.map((run) => ({ ...run }));
  arrived();
  stage.selected = 0;
  stage.window = place?.runs.length ? null : card.window ?? null;
  stage.view = place?.view ?? card.view;
  tellLesson();
  return course.compute({ tick: place?.at ?? tick, play });
}

/** The lesson's text, as it stands now. */
export function tellLesson() {
  const numbers = now.page?.lessons?.map((/** @type {any} */ one) => one.number) ?? [];
  const next = numbers[numbers.indexOf(now.lesson?.number) + 1];
  buildLesson(now.lesson, now.card, {
    lab: () => stage.lab ?? null, turn: (card) => void turn(card), show: (card) => void show(card), next: () => void openLesson(next), last: !next, reveal: () => (course.revealed(), race()),
    awaits: (veiled, guess) => {
      Object.assign(stage, { veiled, guess });
      stage.refresh();
    },
  });
}
