// What is minimised: a lesson, clicked points, a file, a typed function or a preset.
import { byId, figure, make, said, tableElement, word } from "./words.js";
import { progress } from "./lesson.js";
import { mathOf } from "./math.js";
import { posted } from "./server.js";

/** @typedef {import("./types.js").Asked} Asked */
/** @typedef {{page: any, asked: Asked|null, hide: string[], lesson: import("./types.js").Lesson|null,
 *   table: any, ask: (asked: Asked, runs?: any[]) => void, open: (number: number) => void, fail: (error: any) => void,
 *   tabled: (table: any) => void}} Asking */

const KINDS = ["lesson", "points", "file", "function", "preset"];
const FIRST = {
  regression: [[1, 2.2], [2, 2.9], [3.5, 4.8], [5, 5.1], [6.5, 7.4], [8, 7.9]],
  classes: [[1.5, 2, 0], [2.5, 3.4, 0], [3.6, 1.8, 0], [4.2, 4.4, 0], [5.4, 6.6, 1], [6.6, 5.2, 1], [7.4, 7.8, 1], [8.4, 6.2, 1]],
};
const shownKind = { now: "lesson" };

/** The tabs and the form of the kind that is shown. @param {Asking} asking @param {string} [kind] */
export function buildProblem(asking, kind) {
  const asked = asking.lesson ? "lesson" : asking.asked?.kind ?? "lesson"; // a state of a lesson may be a function
  shownKind.now = kind ?? (asked === "table" ? "file" : asked);
  byId("kinds").replaceChildren(
    ...KINDS.filter((name) => name !== "file" || !asking.hide.includes("upload")).map((name) =>
      make("button", { type: "button", id: "kind-" + name, "aria-pressed": String(name === shownKind.now), onclick: () => pickKind(asking, name) }, word("kind_" + name)),
    ),
  );
  const focused = document.activeElement?.id ?? "";
  const forms = /** @type {Record<string, (asking: Asking) => any[]>} */ ({ lesson: lessonForm, points: pointsForm, file: fileForm, function: functionForm, preset: presetForm });
  byId("ask").replaceChildren(...(forms[shownKind.now] ?? (() => []))(asking));
  if (focused) byId(focused)?.focus({ preventScroll: true });
}

/** @param {Asking} asking @param {string} name */
function pickKind(asking, name) {
  if (name === "points" && asking.asked?.kind !== "points") asking.ask({ kind: "points", task: "regression", points: FIRST.regression }, [{}]);
  else buildProblem(asking, name);
  byId("kind-" + name)?.focus();
}

/** @param {Asking} asking */
function lessonForm(asking) {
  const number = asking.lesson?.number ?? 0;
  const { done } = progress();
  const select = make(
    "select",
    { id: "lessons", "aria-label": word("kind_lesson"), onchange: () => asking.open(Number(select.value)) },
    number ? null : make("option", { value: "0" }, word("lesson_choose")),
    asking.page.lessons.map((/** @type {any} */ one) => make("option", { value: String(one.number), selected: one.number === number }, `${one.number} · ${said(one.title)}${done.includes(one.number) ? " ✓" : ""}`)),
  );
  select.value = String(number);
  return [select];
}

/** @param {Asking} asking */
function presetForm(asking) {
  const now = asking.asked?.kind === "preset" ? asking.asked.name : "";
  return [
    make(
      "div",
      { class: "presets" },
      asking.page.presets.map((/** @type {any} */ one) =>
        make(
          "button",
          { type: "button", id: "preset-" + one.name, "aria-pressed": String(one.name === now), title: one.formula, onclick: () => asking.ask({ kind: "preset", name: one.name }, [{}]) },
          said(one.title),
        ),
      ),
    ),
    now ? make("p", { class: "hint" }, said(asking.page.presets.find((/** @type {any} */ one) => one.name === now)?.about)) : "",
  ];
}

/** @param {Asking} asking */
function functionForm(asking) {
  const asked = asking.asked?.kind === "function" ? asking.asked : { formula: "x^2 + 3*y^2", derivative: null };
  const formula = make("input", { id: "formula", class: "math", type: "text", value: asked.formula, spellcheck: "false", autocapitalize: "off", required: true });
  const derivative = make("input", { id: "derivative", class: "math", type: "text", value: asked.derivative ?? "", spellcheck: "false", autocapitalize: "off" });
  const send = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (formula.value.trim()) asking.ask({ kind: "function", formula: formula.value.trim(), derivative: derivative.value.trim() || null }, [{}]);
  };
  return [
    make(
      "form",
      { class: "stacked", onsubmit: send },
      make("label", { for: "formula", class: "label" }, word("formula")),
      formula,
      make("label", { for: "derivative", class: "label" }, word("derivative")),
      derivative,
      make("p", { class: "hint" }, word("formula_help")),
      make("button", { type: "submit", id: "descend", class: "strong" }, word("descend")),
    ),
  ];
}

/** @param {Asking} asking */
function fileForm(asking) {
  const input = make("input", { type: "file", id: "file", accept: ".csv,.tsv,.txt,.parquet,.json,.jsonl,.ndjson", "aria-label": word("file_choose") });
  const send = async (/** @type {File|undefined} */ file) => {
    if (!file) return;
    try {
      const limit = asking.page.limits.upload_bytes;
      if (file.size > limit) throw new Error(word("file_large", { size: figure(file.size / 2 ** 20, 3), limit: figure(limit / 2 ** 20, 3) }));
      const table = await (await posted("/api/upload?name=" + encodeURIComponent(file.name), file)).json();
      asking.tabled(table);
      const before = asking.asked?.kind === "table" && asking.asked.name === table.name ? asking.asked : null;
      const known = table.columns.some((/** @type {any} */ c) => c.name === before?.target);
      asking.ask({ kind: "table", id: table.id, name: table.name, target: known ? before?.target : table.target, features: known ? before?.features ?? null : null }, before ? undefined : [{}]);
    } catch (error) {
      asking.fail(error);
    }
  };
  input.addEventListener("change", () => send(input.files?.[0]));
  const drop = make("label", { class: "drop" }, make("span", {}, word("file_drop")), input);
  drop.addEventListener("dragover", (/** @type {Event} */ event) => event.preventDefault());
  drop.addEventListener("drop", (/** @type {DragEvent} */ event) => {
    event.preventDefault();
    send(event.dataTransfer?.files[0]);
  });
  const { table, asked } = asking;
  if (!table || asked?.kind !== "table") return [drop, asked?.kind === "table" ? make("p", { class: "hint" }, word("file_again", { name: asked.name })) : make("p", { class: "hint" }, word("file_help"))];
  const target = make(
    "select",
    { id: "target", onchange: () => asking.ask({ ...asked, target: target.value, features: null }, [{}]) },
    table.columns.map((/** @type {any} */ c) => make("option", { value: c.name, selected: c.name === asked.target }, c.name)),
  );
  target.value = asked.target;
  const others = table.columns.filter((/** @type {any} */ c) => c.name !== asked.target);
  const boxes = others.map((/** @type {any} */ c, /** @type {number} */ i) =>
    make(
      "label",
      { class: "tick" },
      make("input", {
        type: "checkbox",
        id: "feature-" + i,
        checked: asked.features === null || asked.features === undefined || asked.features.includes(c.name),
        onchange: () => {
          const chosen = others.filter((/** @type {any} */ _, /** @type {number} */ j) => byId("feature-" + j).checked).map((/** @type {any} */ one) => one.name);
          asking.ask({ ...asked, features: chosen.length === others.length ? null : chosen }, [{}]);
        },
      }),
      c.name,
      make("small", {}, c.example),
    ),
  );
  return [
    drop,
    make("p", { class: "hint" }, word("file_rows", { name: table.name, rows: table.rows, columns: table.columns.length })),
    make("label", { class: "label", for: "target" }, word("target")),
    target,
    make("fieldset", { class: "features" }, make("legend", { class: "label" }, word("features")), ...boxes),
  ];
}

/** @param {Asking} asking */
function pointsForm(asking) {
  const asked = asking.asked?.kind === "points" ? asking.asked : { kind: "points", task: "regression", points: FIRST.regression };
  const classes = asked.task === "classes";
  const task = (/** @type {"regression"|"classes"} */ name) =>
    make("button", { type: "button", id: "task-" + name, "aria-pressed": String(asked.task === name), onclick: () => asking.ask({ kind: "points", task: name, points: FIRST[name] }, [{}]) }, word("task_" + name));
  const changed = (/** @type {number[][]} */ points) => asking.ask({ ...asked, points });
  const cell = (/** @type {number} */ i, /** @type {number} */ j) => {
    const input = make("input", { type: "number", step: "any", id: `point-${i}-${j}`, value: asked.points[i][j], "aria-label": word("point_cell", { number: i + 1, name: [classes ? "x1" : "x", classes ? "x2" : "y", word("class")][j] }) });
    input.addEventListener("change", () => {
      if (input.value !== "") changed(asked.points.map((/** @type {number[]} */ p, /** @type {number} */ k) => (k === i ? p.map((v, l) => (l === j ? Number(input.value) : v)) : p)));
    });
    return input;
  };
  const rows = asked.points.map((/** @type {number[]} */ p, /** @type {number} */ i) =>
    make(
      "li",
      {},
      ...p.map((_, j) => cell(i, j)),
      make("button", { type: "button", "aria-label": word("point_remove", { number: i + 1 }), onclick: () => changed(asked.points.filter((/** @type {any} */ _q, /** @type {number} */ k) => k !== i)) }, "×"),
    ),
  );
  return [
    make("div", { class: "pair", role: "group", "aria-label": word("task") }, task("regression"), task("classes")),
    make("p", { class: "hint" }, word(classes ? "points_help_classes" : "points_help")),
    make(
      "details",
      { id: "points-table", open: byId("points-table")?.open ?? false },
      make("summary", {}, word("points_table", { count: asked.points.length })),
      make("ol", { class: "points" }, rows),
    ),
    make(
      "div",
      { class: "pair" },
      make("button", { type: "button", id: "point-add", onclick: () => changed([...asked.points, classes ? [5, 5, 0] : [5, 5]]) }, word("point_add")),
      make("button", { type: "button", id: "points-clear", onclick: () => changed([]) }, word("points_clear")),
    ),
  ];
}

/** Formulas, notes and the first rows of what is minimised. @param {import("./types.js").Problem} problem */
export function showProblem(problem) {
  const rows = problem.rows;
  const count = rows ? Math.min(8, rows.numbers.length) : 0;
  byId("facts").replaceChildren(
    make("dl", { class: "formulas" }, problem.formulas.map((one) => [make("dt", {}, said(one.what)), make("dd", { class: "math", tabindex: "0" }, mathOf(one.text))]).flat()),
    ...problem.notes.map((note) => make("p", { class: "hint" }, said(note))),
    rows
      ? make(
          "details",
          {},
          make("summary", {}, word("rows_shown", { count: rows.count })),
          make("div", { class: "scroll", tabindex: "0" }, tableElement({
            head: [...rows.features, rows.target],
            rows: Array.from({ length: count }, (_, i) => [...rows.X.map((column) => figure(column[i])), rows.classes ? rows.classes[rows.y[i]] : figure(rows.y[i])]),
          }, word("rows_shown", { count: rows.count }))),
        )
      : "",
  );
}
