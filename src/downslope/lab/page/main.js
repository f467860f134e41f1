// Where everything meets: the state in the address, the server's answers, the stage, and the keyboard.
import { byId, figure, language, message, said, settled, speak, translate, word } from "./words.js";
import { look, wear } from "./theme.js";
import { eachLine, fetched, posted, Refusal } from "./server.js";
import { placeOf } from "./address.js";
import { arrived, lessonHides, lookSoon, now, stage, writeAddress } from "./state.js";
import { buildBounds, buildControls } from "./controls.js";
import { buildProblem, showProblem } from "./problem.js";
import { buildRuns, showFrozen, showRuns, showStep, showVerdict } from "./panel.js";
import { progress } from "./lesson.js";
import { course, openLesson, stopOpening, tellLesson } from "./course.js";
import { pointAt, showInference } from "./infer.js";
import { handle } from "./pointer.js";
import { columnsOf, growingDocument, pointsDocument } from "./growing.js";
import { watch } from "./live.js";
import { listenToKeys } from "./keys.js";
import { listenToTransport, race, transportKeys } from "./transport.js";
import { helpKeys, shareLink, takeAway, teachLink } from "./dialogs.js";

/** @typedef {import("./types.js").Settings} Settings */

// ---------------------------------------------------------------- asking the server

/** Compute what is asked for. @param {{tick?: number|null, still?: boolean, play?: boolean, draft?: number}} [how] draft: epochs of a picture under the hand, without a verdict */
async function compute(how = {}) {
  if (!how.draft) hand.again = false; // what the hand asked for is older than this
  window.clearTimeout(hand.rest);
  now.work?.abort();
  if (!now.asked) return;
  if (now.asked.kind === "points" && now.asked.points.length < 2) return fewPoints();
  if (now.asked.kind === "table" && !now.asked.id) return buildProblem(asking());
  const work = new AbortController();
  now.work = work;
  document.body.classList.add("computing");
  try {
    const runs = now.runs.map((run) => (epochsOf(run) > (how.draft ?? Infinity) ? { ...run, epochs: how.draft } : run));
    const body = { problem: now.asked, runs, window: stage.window, draft: Boolean(how.draft) };
    const chosen = now.runs[Math.min(stage.selected, now.runs.length - 1)] ?? {};
    const [offer, answer] = await Promise.all([
      how.still && now.offer ? now.offer : posted("/api/problem", { problem: now.asked, settings: chosen }, work.signal).then((a) => a.json()),
      posted("/api/runs?stream=1", body, work.signal),
    ]);
    if (work.signal.aborted) return;
    now.offer = offer;
    const growing = /** @type {Record<number, {epoch: number[], loss: number[]}>} */ ({});
    let shown = performance.now() + 400; // a short run comes whole
    await eachLine(answer, (line) => {
      if (work.signal.aborted) return;
      if (line.error) throw new Refusal(line.error);
      if (line.document) {
        message("");
        stage.note = "";
        stage.play_document(line.document, how.tick ?? null);
        afterRun(Boolean(how.still));
        if (how.play) race();
      }
      if (line.more && !how.still) {
        const grown = (growing[line.more.run] ??= { epoch: [], loss: [] });
        grown.epoch.push(...line.more.epoch);
        grown.loss.push(...line.more.loss);
        if (performance.now() - shown > 120) {
          shown = performance.now();
          stage.play_document(growingDocument(offer.problem, growing, now.runs.length), null);
        }
      }
    });
  } catch (error) {
    if (!work.signal.aborted) refused(error);
  } finally {
    if (now.work === work) {
      now.work = null;
      document.body.classList.remove("computing");
      writeAddress();
    }
  }
}

/** @param {Settings} run */
function epochsOf(run) {
  return run.epochs ?? now.offer?.defaults.epochs ?? 1;
}

const hand = { busy: false, again: false, epochs: 200, rest: 0 };
const PROMPT = 70; // milliseconds for an answer while the hand moves
const REST = 150; // milliseconds after which a hand that does not move rests

/** Compute while the hand moves: the draft under way ends, then the newest; when the hand rests, the last one in full, with its verdict. */
async function computeUnderHand() {
  hand.again = hand.busy;
  if (hand.busy) return;
  hand.busy = true;
  const most = hand.epochs;
  const began = performance.now();
  await compute({ still: true, draft: most });
  hand.epochs = Math.max(50, Math.round((Math.min(most, Math.max(...now.runs.map(epochsOf))) * PROMPT) / (performance.now() - began)));
  hand.busy = false;
  if (hand.again) void computeUnderHand();
  else if (!now.work) hand.rest = window.setTimeout(() => void compute({ still: true }), REST);
}

/** All of the landscape again. */
function whole() {
  if (!stage.window) return;
  stage.window = null;
  if (now.offline || now.asked?.kind === "saved") stage.refresh();
  else void compute({ tick: stage.tick });
}

/** @param {boolean} still the person is still dragging: leave the form as it is under the hand */
function afterRun(still) {
  const { offer } = now;
  if (offer) {
    buildBounds(offer.certificate);
    if (!still || !byId("controls").childElementCount) buildForm();
  }
  if (stage.lab && !stage.lab.draft) showProblem(stage.lab.problem);
  byId("title").textContent = now.lesson && !now.offline ? said(now.lesson.title) : said(stage.lab?.problem.title);
  document.title = `${byId("title").textContent} · Downslope`;
  if (!still) buildProblem(asking());
  buildList();
  applyHidden();
  moved();
  document.body.classList.remove("waiting", "empty");
  document.body.dataset.runs = String(Number(document.body.dataset.runs ?? 0) + 1); // how many answers were shown
  speakUp(said(stage.lab?.runs[stage.selected]?.verdict?.text));
}

function buildForm() {
  if (!now.offer) return;
  const open = byId("more")?.open ?? false;
  buildControls(now.offer, { ...now.offer.settings, ...now.runs[stage.selected] }, change, open);
  applyHidden();
}

function buildList() {
  if (!stage.scene) return;
  buildRuns(stage, select, drop, now.offline);
  byId("add").disabled = now.runs.length >= (now.page?.limits?.runs ?? 6) || now.asked?.kind === "saved";
  const run = stage.lab?.runs[stage.selected] ?? null;
  showVerdict(run, look().lines[stage.selected % 6], add, now.offline || now.asked?.kind === "saved", stage.lab?.draft);
  showRuns(stage);
  applyHidden();
}

/** Fewer than two points: nothing to descend, but the picture is there to click on. */
function fewPoints() {
  stage.play_document(pointsDocument(now.asked), null);
  message("");
  stage.note = word("points_few");
  afterRun(false);
}

// ---------------------------------------------------------------- what a person changes

/** Settings of the selected run. @param {Settings} changed @param {boolean} [still] */
function change(changed, still = false) {
  const run = { ...now.runs[stage.selected], ...changed };
  if ("direction" in changed && !("learning_rate" in changed)) Object.assign(run, { learning_rate: "auto", schedule: "constant" }); // another method has a rate of its own
  if ("direction" in changed && (["lbfgs", "subsampled", "newton"].includes(changed.direction))) run.rows = "all";
  now.runs = now.runs.map((one, i) => (i === stage.selected ? run : one));
  if (still) void computeUnderHand();
  else void compute();
}

/** Another problem. @param {any} asked @param {Settings[]} [runs] the settings to begin with; none keeps those there are */
function ask(asked, runs) {
  stopOpening();
  const other = asked.kind !== now.asked?.kind || asked.kind === "preset" || asked.kind === "function" || asked.task !== now.asked?.task;
  if (lessonHides()) now.hide = []; // what a lesson hides comes back with its end; what a teacher hides does not
  now.lesson = null;
  now.asked = asked;
  if (runs) {
    now.runs = runs;
    stage.selected = 0;
  } else now.runs = now.runs.map(({ start, ...rest }) => rest);
  if (other) stage.window = null;
  if (other && runs) stage.view = asked.kind === "points" || asked.kind === "table" ? "fit" : "landscape";
  tellLesson();
  void compute();
}

/** @param {number} index */
function select(index) {
  stage.change({ selected: index });
  byId("run-" + index)?.focus({ preventScroll: true });
  if (now.offline || now.asked?.kind === "saved") return buildList();
  posted("/api/problem", { problem: now.asked, settings: now.runs[index] ?? {} })
    .then((answer) => answer.json())
    .then((offer) => {
      if (stage.selected !== index) return;
      now.offer = offer;
      buildForm();
      buildBounds(offer.certificate);
    })
    .catch(refused);
  buildList();
}

/** @param {number} index */
function drop(index) {
  now.runs = now.runs.filter((_, i) => i !== index);
  stage.selected = Math.max(0, Math.min(stage.selected - (index < stage.selected ? 1 : 0), now.runs.length - 1));
  void compute();
}

/** One more run. @param {Settings} changed */
function add(changed) {
  const copy = { ...now.runs[stage.selected], ...changed };
  const most = now.page.limits.runs;
  now.runs = now.runs.length < most ? [...now.runs, copy] : [...now.runs.slice(0, -1), copy];
  stage.selected = now.runs.length - 1;
  void compute();
}

// ---------------------------------------------------------------- telling

function moved() {
  byId("scrub").max = String(stage.length - 1);
  byId("scrub").value = String(stage.tick);
  const position = stage.position();
  byId("position").textContent = position;
  byId("scrub").setAttribute("aria-valuetext", position);
  byId("play").setAttribute("aria-label", word(stage.playing ? "pause" : "play"));
  byId("play").title = word(stage.playing ? "pause" : "play");
  document.body.dataset.tick = String(stage.tick);
  document.body.dataset.drawn = String(stage.drawn);
  showStep(stage);
  showInference(stage);
  showRuns(stage);
  showFrozen(stage);
  if (!stage.playing) {
    writeAddress();
    speakUpSoon(position);
  }
}

/** @param {string} text */
function speakUp(text) {
  if (text) byId("spoken").textContent = text;
}
const speakUpSoon = settled(speakUp, 500);

/** @param {any} error */
function refused(error) {
  document.body.classList.remove("waiting");
  const shown = stage.lab?.problem.asked;
  const other = now.asked?.kind === "lesson" && (shown?.kind !== "lesson" || shown.number !== now.asked.number);
  document.body.classList.toggle("empty", !stage.lab || other); // beside a lesson's text stands no other's picture
  if (now.page && !now.offline) {
    buildProblem(asking());
    buildForm();
  }
  message(error instanceof Refusal ? said(error.sentence) : error instanceof TypeError ? word("no_server") : String(error.message ?? error));
}

function applyHidden() {
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-control]")))
    element.classList.toggle("hidden-by-teacher", now.hide.includes(element.dataset.control ?? ""));
}

/** Everything again in the language that is chosen now. */
function redraw() {
  translate(document);
  byId("spoken").textContent = "";
  byId("language").textContent = language() === "zh" ? "English" : "中文";
  byId("language").lang = language() === "zh" ? "en" : "zh";
  stage.refresh();
  tellLesson();
  if (!now.offline) buildProblem(asking());
  if (stage.lab) {
    showProblem(stage.lab.problem);
    buildForm();
    buildBounds(now.offer?.certificate ?? stage.lab.runs[0]?.certificate ?? null);
    buildList();
    byId("title").textContent = now.lesson ? said(now.lesson.title) : said(stage.lab.problem.title);
    applyHidden();
    moved();
  }
}

/** @returns {import("./problem.js").Asking} */
function asking() {
  return {
    page: now.page, asked: now.asked, hide: lessonHides() ? [] : now.hide, lesson: now.lesson, table: now.table, ask, open: (number) => void openLesson(number), fail: refused,
    tabled: (table) => {
      now.table = table;
    },
  };
}

// ---------------------------------------------------------------- hands and keys

function otherTheme() {
  now.theme = look().dark ? "light" : "dark";
  wear(now.theme);
  stage.refresh();
  buildList();
  moved();
}

function otherLanguage() {
  now.tongue = language() === "zh" ? "en" : "zh";
  speak(now.tongue);
  redraw();
}

function listen() {
  const on = (/** @type {string} */ id, /** @type {() => void} */ what) => byId(id).addEventListener("click", what);
  on("language", otherLanguage);
  on("theme", otherTheme);
  on("share", () => shareLink());
  on("teach", () => teachLink(applyHidden));
  on("take", () => {
    takeAway(refused);
    applyHidden();
  });
  on("help", helpKeys);
  on("add", () => add({}));
  on("zoom-whole", whole);
  byId("controls").addEventListener("submit", (/** @type {Event} */ event) => event.preventDefault());
  listenToTransport();
  listenToKeys({
    ...transportKeys,
    l: otherLanguage,
    t: otherTheme,
    "?": helpKeys,
  });
  handle(byId("picture"), {
    stage,
    whole,
    point: (place) => pointAt(stage, place),
    guess: (value) => {
      const field = byId("prediction");
      if (!field || stage.lab?.pictures.landscape?.kind !== "curve") return false;
      if (value !== undefined) {
        field.value = figure(value, 3);
        field.form.requestSubmit();
      }
      return true;
    },
    asked: () => now.asked,
    canStart: () => !now.offline && !now.hide.includes("start") && now.asked?.kind !== "saved",
    start: (start, still) => change({ start: { ...now.runs[stage.selected]?.start, ...start } }, still),
    points: (points, still) => {
      now.asked = { ...now.asked, points };
      const rows = stage.lab?.problem.rows;
      if (rows && stage.lab) {
        // The dots follow the hand at once; the weights follow when the server has answered.
        Object.assign(rows, columnsOf(now.asked));
        stage.draw();
      }
      if (still) void computeUnderHand();
      else void compute();
    },
  });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    wear(now.theme);
    stage.refresh();
  });
  window.addEventListener("hashchange", () => {
    if (location.hash.slice(1) !== now.hash) void arrive();
  });
  window.addEventListener("beforeprint", () => byId("reading").querySelector(".text")?.setAttribute("open", ""));
  window.addEventListener("pagehide", () => now.work?.abort());
}

// ---------------------------------------------------------------- arriving

/** Show what the address asks for; nothing, or what is not there, is the course where this browser left it. */
async function arrive() {
  stopOpening();
  const asked = placeOf(location.hash);
  [now.hash, now.step, now.arriving] = [location.hash.slice(1), null, true];
  now.tongue = asked.lang;
  now.theme = asked.theme;
  wear(now.theme);
  speak(asked.lang ?? now.page.wish);
  now.hide = asked.hide;
  redraw();
  const opened = now.page.opened && (asked.problem?.kind === "saved" || (!asked.problem && asked.lesson === null));
  document.body.classList.toggle("opened", Boolean(opened));
  if (opened) return showDocument(now.page.opened);
  const known = now.page.lessons.some((/** @type {any} */ one) => one.number === asked.lesson);
  if (known) return openLesson(asked.lesson ?? 0, asked);
  if (!asked.problem) {
    const [number, card] = progress().at ?? [];
    return now.page.lessons.some((/** @type {any} */ one) => one.number === number) ? openLesson(number, undefined, card) : openLesson(now.page.lessons[0].number);
  }
  now.lesson = null;
  tellLesson();
  now.asked = asked.problem.kind === "table" && now.table?.name === asked.problem.name ? { ...asked.problem, id: now.table.id } : asked.problem;
  now.runs = asked.runs.length ? asked.runs : [{}];
  arrived();
  stage.selected = 0;
  stage.window = null;
  stage.view = asked.view ?? (now.asked.kind === "points" || now.asked.kind === "table" ? "fit" : "landscape");
  if (now.asked.kind === "table" && !now.asked.id) {
    document.body.classList.remove("waiting");
    document.body.classList.add("empty");
    message(word("file_again", { name: now.asked.name }));
  }
  await compute({ tick: asked.at });
}

/** Show a finished document: a report, a notebook, a saved run. @param {any} lab */
function showDocument(lab) {
  now.asked = lab.problem.asked;
  arrived();
  now.runs = lab.runs.map((/** @type {any} */ run) => run.settings ?? {});
  const asked = placeOf(location.hash);
  stage.view = asked.view ?? (lab.pictures.landscape ? "landscape" : "loss");
  stage.play_document(lab, asked.at);
  afterRun(false);
  buildBounds(lab.runs[0]?.certificate ?? null);
}

async function begin() {
  Object.assign(course, { compute, refused, revealed: buildList });
  stage.moved = moved;
  stage.looked = () => {
    lookSoon(refused);
    moved();
  };
  const asked = placeOf(location.hash);
  wear(asked.theme);
  const inline = byId("document");
  now.offline = Boolean(inline);
  now.hash = location.hash.slice(1);
  document.body.classList.toggle("offline", now.offline);
  now.page = inline ? JSON.parse(byId("page-data").textContent) : await fetched("/api/page");
  speak(asked.lang ?? now.page.wish, now.page.texts);
  now.tongue = asked.lang;
  now.theme = asked.theme;
  listen();
  redraw();
  if (inline) return showDocument(JSON.parse(inline.textContent));
  if (now.page.live) return watch(stage, showDocument, refused);
  await arrive();
}

begin().catch(refused);
