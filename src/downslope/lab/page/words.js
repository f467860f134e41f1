// Texts in two languages, numbers as text, and small helpers to make elements. No sentence stands in the page itself.
import { LANGUAGES } from "./types.js";

const tongue = { now: "en", texts: /** @type {Record<string, Record<string, string>>} */ ({ en: {}, zh: {} }) };

/** @returns {string} the language that is shown */
export function language() {
  return tongue.now;
}

/** @param {string} lang @param {Record<string, Record<string, string>>} [texts] */
export function speak(lang, texts) {
  tongue.now = LANGUAGES.includes(lang) ? lang : "en";
  if (texts) tongue.texts = texts;
  document.documentElement.lang = tongue.now === "zh" ? "zh-CN" : "en";
}

/** The page's own text of a key, its {braces} filled. @param {string} key @param {Record<string, any>} [facts] */
export function word(key, facts = {}) {
  const text = tongue.texts[tongue.now]?.["lab." + key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in facts ? String(facts[name]) : whole));
}

/** A sentence of the server, in the language shown. @param {any} sentence */
export function said(sentence) {
  if (sentence === null || sentence === undefined) return "";
  return typeof sentence === "string" ? sentence : sentence[tongue.now] ?? sentence.en ?? "";
}

/** A number for people: six digits, a real minus sign. @param {number|null|undefined} value @param {number} [digits] */
export function figure(value, digits = 6) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  let text;
  if (size >= 1e6 || size < 1e-4) text = value.toExponential(Math.min(3, digits - 1)).replace(/\.?0+e/, "e").replace("e+", "e");
  else text = String(Number(value.toPrecision(digits)));
  return text.replace(/-/g, "−");
}

/** A weight as formulas write it, with its column: "w₁ (area)"; a variable of a function is itself. @param {string} symbol @param {string} [name] */
export function weightName(symbol, name) {
  return !name || symbol === name || /intercept\)?$/.test(name) ? symbol : `${symbol} (${name})`;
}

/** @param {string} id @returns {any} */
export function byId(id) {
  return document.getElementById(id);
}

/** What went wrong, above the pictures; nothing hides it. @param {string} text */
export function message(text) {
  byId("message").textContent = text;
  byId("message").hidden = !text;
}

/** An element. Properties starting with "on" are listeners, others attributes; null ones are left out.
 * @param {string} tag @param {Record<string, any>} [given] @param {...any} children @returns {any} */
export function make(tag, given = {}, ...children) {
  const element = /** @type {any} */ (document.createElement(tag));
  for (const [name, value] of Object.entries(given)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked" || name === "disabled") element[name] = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Put texts into everything that carries data-text, data-label or data-hint. @param {ParentNode} root */
export function translate(root) {
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-text]")))
    element.textContent = word(element.dataset.text ?? "");
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-label]"))) {
    element.setAttribute("aria-label", word(element.dataset.label ?? ""));
    element.title = word(element.dataset.label ?? "");
  }
}

/** A HTML table. @param {import("./types.js").Table} table @param {string} caption */
export function tableElement(table, caption) {
  return make(
    "table",
    {},
    make("caption", { class: "unseen" }, caption),
    make("thead", {}, make("tr", {}, table.head.map((name) => make("th", { scope: "col" }, name)))),
    make("tbody", {}, table.rows.map((row) => make("tr", {}, row.map((cell) => make("td", {}, cell))))),
  );
}

/** Do it once things are quiet; `stop` calls it off. @param {(...given: any[]) => void} what @param {number} wait */
export function settled(what, wait) {
  let timer = 0;
  const stop = () => window.clearTimeout(timer);
  const call = (/** @type {any[]} */ ...given) => {
    stop();
    timer = window.setTimeout(() => what(...given), wait);
  };
  return Object.assign(call, { stop });
}
