// All state is in the address, behind the #, but no file.

/** @typedef {{problem: any, runs: any[], lang: string|null, theme: string|null, at: number|null, view: string|null,
 *   hide: string[], lesson: number|null, card: number|null}} Place */

/** @param {string} hash @returns {Place} */
export function placeOf(hash) {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const read = (/** @type {string} */ text) => {
    try {
      const value = JSON.parse(text);
      return value && typeof value === "object" ? value : null;
    } catch {
      return null;
    }
  };
  const whole = (/** @type {string|null} */ text) => (text !== null && /^\d+$/.test(text) ? Number(text) : null);
  return {
    problem: drawable(read(given.get("problem") ?? "")),
    runs: given.getAll("run").map(read).filter(Boolean).slice(0, 6),
    lang: given.get("lang"),
    theme: given.get("theme"),
    at: whole(given.get("at")),
    view: given.get("view"),
    hide: (given.get("hide") ?? "").split(",").filter(Boolean),
    lesson: whole(given.get("lesson")),
    card: whole(given.get("card")),
  };
}

/** The problem, where the page can show its form: points are lists of numbers. @param {any} problem */
function drawable(problem) {
  const rows = problem?.points;
  const sound = Array.isArray(rows) && rows.every((row) => Array.isArray(row) && row.every(Number.isFinite));
  return problem?.kind === "points" && !sound ? null : problem;
}

/** @param {Place} place @returns {string} what stands behind the # */
export function hashOf(place) {
  const given = new URLSearchParams();
  if (place.lesson !== null) given.set("lesson", String(place.lesson));
  if (place.card) given.set("card", String(place.card));
  if (place.problem) given.set("problem", JSON.stringify(carried(place.problem)));
  for (const run of place.runs) given.append("run", JSON.stringify(run));
  if (place.view) given.set("view", place.view);
  if (place.at !== null) given.set("at", String(place.at));
  if (place.hide.length) given.set("hide", place.hide.join(","));
  if (place.lang) given.set("lang", place.lang);
  if (place.theme) given.set("theme", place.theme);
  return given.toString();
}

/** A problem as an address may carry it: a table's name, never its key. @param {any} asked */
function carried(asked) {
  const { id, ...rest } = asked;
  return rest;
}

/** Only what differs from what would be taken anyway. @param {Record<string, any>} settings @param {Record<string, any>} defaults */
export function differing(settings, defaults) {
  return Object.fromEntries(Object.entries(settings).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(defaults[name])));
}
