// The keyboard, where no field, menu or dialog has a use for the key itself.
import { byId } from "./words.js";

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
    if (!act) return;
    event.preventDefault();
    act(event.shiftKey);
  });
}
