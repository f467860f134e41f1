// What a person takes away, how a teacher prepares a link, and which keys there are.
import { byId, make, word } from "./words.js";
import { handOver, posted } from "./server.js";

/** @typedef {{stage: import("./stage.js").Stage, asked: () => any, runs: () => any[], lang: () => string, offline: boolean,
 *   controls: string[], hidden: () => string[], hide: (names: string[]) => void, link: () => string,
 *   fail: (error: any) => void}} Taking */

/** @param {string} title @param {...any} children */
function openDialog(title, ...children) {
  const dialog = byId("dialog");
  dialog.replaceChildren(
    make("div", { class: "heading" }, make("h2", { id: "dialog-name" }, title), make("button", { type: "button", class: "quiet", id: "dialog-close", "aria-label": word("close"), onclick: () => dialog.close() }, "×")),
    ...children,
  );
  dialog.setAttribute("aria-labelledby", "dialog-name");
  if (!dialog.open) dialog.showModal();
}

/** @param {string} text @param {HTMLElement} told */
async function copy(text, told) {
  try {
    await navigator.clipboard.writeText(text);
    told.textContent = word("copied");
  } catch {
    told.textContent = word("copy_by_hand");
  }
}

/** @param {Taking} taking */
export function takeAway(taking) {
  const { stage } = taking;
  const shown = make("div", { id: "code" });
  const settings = () => taking.runs()[stage.selected] ?? {};
  const action = (/** @type {string} */ name, /** @type {() => Promise<any>} */ what, /** @type {string|null} */ control = null) =>
    make("button", {
      type: "button", id: "take-" + name, "data-control": control,
      onclick: async () => {
        try {
          await what();
        } catch (error) {
          byId("dialog").close();
          taking.fail(error);
        }
      },
    }, word("take_" + name));
  const code = (/** @type {string} */ library) => async () => {
    const answer = await (await posted("/api/code", { problem: taking.asked(), settings: settings(), library })).json();
    const told = make("span", { role: "status" });
    shown.replaceChildren(
      make("pre", { tabindex: "0" }, make("code", {}, answer.code)),
      make("div", { class: "pair" }, make("button", { type: "button", id: "copy-code", onclick: () => copy(answer.code, told) }, word("copy")), make("button", { type: "button", onclick: () => handOver(answer.name, new Blob([answer.code])) }, word("download")), told),
    );
  };
  const download = (/** @type {string} */ path, /** @type {string} */ name, /** @type {() => any} */ body) => async () =>
    handOver(name, await (await posted(path, body())).blob());
  const one = () => ({ problem: taking.asked(), settings: settings() });
  const csv = stage.lab?.runs[stage.selected]?.trace_csv;
  openDialog(
    word("take"),
    taking.offline ? "" : make("h3", {}, word("take_code")),
    taking.offline ? "" : make("div", { class: "pair", "data-control": "code" }, action("downslope", code("downslope")), action("numpy", code("numpy")), action("pytorch", code("pytorch"))),
    shown,
    make("h3", {}, word("take_picture")),
    make(
      "div",
      { class: "pair" },
      action("png", async () => {
        const blob = await stage.png();
        if (blob) handOver(`${stage.view}.png`, blob);
      }),
      action("svg", async () => handOver(`${stage.view}.svg`, new Blob([stage.svg()], { type: "image/svg+xml" }))),
      taking.offline ? "" : action("gif", download("/api/gif", "descent.gif", one)),
    ),
    make("h3", {}, word("take_run")),
    make(
      "div",
      { class: "pair" },
      taking.offline ? "" : action("page", download("/api/report", "report.html", () => ({ problem: taking.asked(), runs: taking.runs(), lang: taking.lang() }))),
      taking.offline ? (csv ? action("csv", async () => handOver("trace.csv", new Blob([csv], { type: "text/csv" }))) : "") : action("csv", download("/api/csv", "trace.csv", one)),
    ),
  );
}

/** A teacher's link: the state as it is, without the controls that are to be hidden. @param {Taking} taking */
export function teachLink(taking) {
  const link = make("input", { type: "text", id: "teach-link", readonly: true, value: taking.link(), "aria-label": word("teach_link"), onfocus: () => link.select() });
  const told = make("span", { role: "status" });
  const boxes = taking.controls.map((name) => {
    const box = make("input", { type: "checkbox", id: "hide-" + name, checked: taking.hidden().includes(name) });
    box.addEventListener("change", () => {
      const others = taking.hidden().filter((one) => one !== name);
      taking.hide(box.checked ? [...others, name] : others);
      link.value = taking.link();
    });
    return make("label", { class: "tick" }, box, word("control_" + name));
  });
  openDialog(
    word("teach"),
    make("p", {}, word("teach_told")),
    make("fieldset", { class: "features" }, make("legend", { class: "label" }, word("teach_hide")), ...boxes),
    make("label", { class: "label", for: "teach-link" }, word("teach_link")),
    link,
    make("div", { class: "pair" }, make("button", { type: "button", class: "strong", id: "teach-copy", onclick: () => copy(link.value, told) }, word("copy")), told),
  );
}

/** The link to what is shown. @param {Taking} taking */
export function shareLink(taking) {
  const link = make("input", { type: "text", id: "share-link", readonly: true, value: taking.link(), "aria-label": word("share"), onfocus: () => link.select() });
  const told = make("span", { role: "status" });
  openDialog(word("share"), make("p", {}, word(taking.asked()?.kind === "table" ? "share_told_file" : "share_told")), link, make("div", { class: "pair" }, make("button", { type: "button", class: "strong", id: "share-copy", onclick: () => copy(link.value, told) }, word("copy")), told));
}

const KEYS = [["space", "key_space"], ["← →", "key_arrows"], ["⇧ ← →", "key_leap"], ["Home End", "key_ends"], ["R", "key_r"], ["1 – 6", "key_views"], ["L", "key_language"], ["T", "key_theme"], ["?", "key_help"], ["⇧ ← → ↑ ↓", "key_picture"], ["Delete", "key_delete"]];

export function helpKeys() {
  openDialog(word("help"), make("dl", { class: "keys" }, KEYS.flatMap(([key, name]) => [make("dt", {}, make("kbd", {}, key === "space" ? word("space_bar") : key)), make("dd", {}, word(name))])));
}
