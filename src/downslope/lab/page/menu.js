// A menu whose choices may be out of reach and say why: a button and a list box, as WAI-ARIA describes a select-only combobox.
import { make, said } from "./words.js";

/** @param {string} id @param {string} label @param {import("./types.js").Choice[]} choices @param {any} value
 * @param {(value: any) => void} pick @param {string} [other] what to show for a value that is none of the choices
 * @returns {HTMLElement} */
export function menu(id, label, choices, value, pick, other = "–") {
  const same = (/** @type {any} */ a) => JSON.stringify(a) === JSON.stringify(value);
  const now = choices.findIndex((choice) => same(choice.value));
  let at = Math.max(0, now);
  const list = make("ul", { role: "listbox", id: id + "-list", "aria-label": label, hidden: true });
  const button = make(
    "button",
    { type: "button", role: "combobox", id, "aria-haspopup": "listbox", "aria-expanded": "false", "aria-controls": id + "-list", "aria-labelledby": `${id}-label ${id}` },
    make("span", {}, now < 0 ? other : said(choices[now].label)),
  );
  const options = choices.map((choice, i) =>
    make(
      "li",
      { role: "option", id: `${id}-${i}`, "aria-selected": String(i === now), "aria-disabled": choice.ok ? null : "true", onmousedown: (/** @type {Event} */ e) => e.preventDefault(), onclick: () => take(i), onmousemove: () => point(i) },
      said(choice.label),
      choice.ok ? null : make("small", {}, said(choice.why)),
    ),
  );
  list.append(...options);

  function point(/** @type {number} */ i) {
    at = Math.max(0, Math.min(options.length - 1, i));
    options.forEach((option, j) => option.classList.toggle("pointed", j === at));
    button.setAttribute("aria-activedescendant", options[at]?.id ?? "");
  }
  function open(/** @type {boolean} */ wide) {
    list.hidden = !wide;
    button.setAttribute("aria-expanded", String(wide));
    if (wide) {
      point(at);
      options[at]?.scrollIntoView({ block: "nearest" });
    } else button.removeAttribute("aria-activedescendant");
  }
  function take(/** @type {number} */ i) {
    if (!choices[i]?.ok) return;
    open(false);
    button.focus();
    if (!same(choices[i].value)) pick(choices[i].value);
  }
  button.addEventListener("click", () => open(list.hidden));
  button.addEventListener("blur", () => open(false));
  button.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const { key } = event;
    const step = { ArrowDown: 1, ArrowUp: -1, Home: -1000, End: 1000 }[key];
    if (list.hidden) {
      if (key === "ArrowDown" || key === "ArrowUp") open(true);
      else return;
    } else if (step) point(at + step);
    else if (key === "Enter" || key === " ") take(at);
    else if (key === "Escape") open(false);
    else if (key.length === 1) {
      const found = choices.findIndex((choice, i) => i !== at && said(choice.label).toLowerCase().startsWith(key.toLowerCase()));
      if (found >= 0) point(found);
    } else return;
    if (!list.hidden) options[at]?.scrollIntoView({ block: "nearest" });
    event.preventDefault();
    event.stopPropagation();
  });
  return make("div", { class: "menu" }, make("span", { class: "label", id: id + "-label" }, label), button, list);
}
