// The keyboard, where no field, menu or dialog has a use for the key itself.
import { byId } from "./words.js";

const LETTERS = "downslope-letters";

/** Whether a single letter or digit is a shortcut: a browser that is spoken to would press them. @param {boolean} [on] set it */
export function letterKeys(on) {
  try {
    if (on !== undefined) localStorage.setItem(LETTERS, on ? "on" : "off");
    return localStorage.getItem(LETTERS) !== "off";
  } catch {
    return true; // a frame that may keep nothing
  }
}

/** @param {Record<string, (shift: boolean) => void>} actions by the name of the key */
export function listenToKeys(actions) {
  document.addEventListener("keydown", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const { key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || byId("dialog").open) return;
    if (target.matches("input:not([type=checkbox]):not([type=range]), textarea, select")) return;
    if (target.matches("input[type=range]") && target.id !== "scrub" && key.length > 1) return;
    if (key === " " && target.matches("button, summary, input[type=checkbox], a")) return;
    const act = actions[key.length === 1 ? key.toLowerCase() : key];
    if (!act || (key.length === 1 && key !== " " && !letterKeys())) return;
    event.preventDefault();
    act(event.shiftKey);
  });
}
