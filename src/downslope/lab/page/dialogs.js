// What a person takes away, how a teacher prepares a link, and which keys there are.
import { byId, language, make, word } from "./words.js";
import { handOver, posted } from "./server.js";
import { letterKeys } from "./keys.js";
import { linkNow, now, stage, writeAddress } from "./state.js";

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

/** @param {string} text @param {HTMLElement} note */
async function copy(text, note) {
  try {
    await navigator.clipboard.writeText(text);
    note.textContent = word("copied");
  } catch {
    note.textContent = word("copy_by_hand");
  }
}

/** @param {(error: any) => void} fail */
export function takeAway(fail) {
  const shown = make("div", { id: "code" });
  const settings = () => now.runs[stage.selected] ?? {};
  const action = (/** @type {string} */ name, /** @type {() => Promise<any>} */ what, /** @type {string|null} */ control = null) =>
    make("button", {
      type: "button", id: "take-" + name, "data-control": control,
      onclick: async () => {
        try {
          await what();
        } catch (error) {
          byId("dialog").close();
          fail(error);
        }
      },
    }, word("take_" + name));
  const code = (/** @type {string} */ library) => async () => {
    const answer = await (await posted("/api/code", { problem: now.asked, settings: settings(), library })).json();
    const note = make("span", { role: "status" });
    shown.replaceChildren(
      make("pre", { tabindex: "0" }, make("code", {}, answer.code)),
      make("div", { class: "pair" }, make("button", { type: "button", id: "copy-code", onclick: () => copy(answer.code, note) }, word("copy")), make("button", { type: "button", onclick: () => handOver(answer.name, new Blob([answer.code])) }, word("download")), note),
    );
  };
  const download = (/** @type {string} */ path, /** @type {string} */ name, /** @type {() => any} */ body) => async () =>
    handOver(name, await (await posted(path, body())).blob());
  const one = () => ({ problem: now.asked, settings: settings() });
  const csv = stage.lab?.runs[stage.selected]?.trace_csv;
  openDialog(
    word("take"),
    now.offline ? "" : make("h3", {}, word("take_code")),
    now.offline ? "" : make("div", { class: "pair", "data-control": "code" }, action("downslope", code("downslope")), action("numpy", code("numpy")), action("pytorch", code("pytorch"))),
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
      now.offline ? "" : action("gif", download("/api/gif", "descent.gif", () => ({ ...one(), lang: language() }))),
    ),
    make("h3", {}, word("take_run")),
    make(
      "div",
      { class: "pair" },
      now.offline ? "" : action("page", download("/api/report", "report.html", () => ({ problem: now.asked, runs: now.runs, lang: language() }))),
      now.offline ? (csv ? action("csv", async () => handOver("trace.csv", new Blob([csv], { type: "text/csv" }))) : "") : action("csv", download("/api/csv", "trace.csv", one)),
    ),
  );
}

/** A teacher's link: the state as it is, without the controls that are to be hidden. @param {() => void} apply */
export function teachLink(apply) {
  const link = make("input", { type: "text", id: "teach-link", readonly: true, value: linkNow(), "aria-label": word("teach_link"), onfocus: () => link.select() });
  const note = make("span", { role: "status" });
  const boxes = now.page.controls.map((/** @type {string} */ name) => {
    const box = make("input", { type: "checkbox", id: "hide-" + name, checked: now.hide.includes(name) });
    box.addEventListener("change", () => {
      const others = now.hide.filter((one) => one !== name);
      now.hide = box.checked ? [...others, name] : others;
      apply();
      writeAddress();
      link.value = linkNow();
    });
    return make("label", { class: "tick" }, box, word("control_" + name));
  });
  openDialog(
    word("teach"),
    make("p", {}, word("teach_note")),
    make("fieldset", { class: "features" }, make("legend", { class: "label" }, word("teach_hide")), ...boxes),
    make("label", { class: "label", for: "teach-link" }, word("teach_link")),
    link,
    make("div", { class: "pair" }, make("button", { type: "button", class: "strong", id: "teach-copy", onclick: () => copy(link.value, note) }, word("copy")), note),
  );
}

/** The link to what is shown. */
export function shareLink() {
  const link = make("input", { type: "text", id: "share-link", readonly: true, value: linkNow(), "aria-label": word("share"), onfocus: () => link.select() });
  const note = make("span", { role: "status" });
  openDialog(word("share"), make("p", {}, word(now.asked?.kind === "table" ? "share_note_file" : "share_note")), link, make("div", { class: "pair" }, make("button", { type: "button", class: "strong", id: "share-copy", onclick: () => copy(link.value, note) }, word("copy")), note));
}

const KEYS = [["space", "key_space"], ["← →", "key_arrows"], ["⇧ ← →", "key_leap"], ["Home End", "key_ends"], ["R", "key_r"], ["1 – 6", "key_views"], ["L", "key_language"], ["T", "key_theme"], ["?", "key_help"], ["⇧ ← → ↑ ↓", "key_picture"], ["+ − 0", "key_zoom"], ["Delete", "key_delete"]];

export function helpKeys() {
  const letters = make("input", { type: "checkbox", id: "letter-keys", checked: letterKeys(), onchange: () => letterKeys(letters.checked) });
  openDialog(word("help"), make("label", { class: "tick" }, letters, word("letter_keys")), make("dl", { class: "keys" }, KEYS.flatMap(([key, name]) => [make("dt", {}, make("kbd", {}, key === "space" ? word("space_bar") : key)), make("dd", {}, word(name))])));
}
