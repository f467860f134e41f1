// Documents that the page makes for itself: a run that is not over, and points too few to descend.

/** A run that is not over: its loss so far is all there is to show. @param {any} problem @param {Record<number, {epoch: number[], loss: number[]}>} growing @param {number} count of runs, of which some may not have begun @returns {any} */
export function growingDocument(problem, growing, count) {
  return {
    problem,
    pictures: { landscape: null, search: null },
    runs: Array.from({ length: count }, (_, i) => growing[i] ?? { epoch: [], loss: [] }).map((one) => {
      const finite = one.loss.filter((v) => v !== null);
      const span = [Math.min(...finite.slice(-3000), ...finite.slice(0, 1)), Math.max(...finite.slice(0, 3000))];
      const none = one.loss.map(() => null);
      return {
        settings: {}, label: { en: "", zh: "" }, error: null, trace: { step: one.epoch, epoch: one.epoch, seconds: one.epoch, rows: none, loss: one.loss, gradient_norm: none, learning_rate: none, validation: null },
        rule: null, params: { names: [], symbols: [], columns: [], left_out: 0 }, full: [one.loss[0], ...one.loss], frame_epoch: [0, ...one.epoch.map((e) => e + 1)],
        diverged: null, scales: { loss: span, full: span, params: [0, 1], floor: 1e-16 }, thinned: null, verdict: null, findings: [], certificate: null, words: null, fit: null, path: null, metrics: null, trace_csv: null,
      };
    }),
  };
}

/** Too few points for a run: only the points. @param {any} asked @returns {any} */
export function pointsDocument(asked) {
  const classes = asked.task === "classes";
  const rows = { features: classes ? ["x1", "x2"] : ["x"], target: "y", classes: classes ? ["0", "1"] : null, ...columnsOf(asked) };
  const problem = { asked, kind: "rows", title: { en: "", zh: "" }, names: [], symbols: [], formulas: [], notes: [], minimum: null, rows };
  return { problem, runs: [], pictures: { landscape: null, search: null } };
}

/** Points as rows: a list for each feature, and y. @param {any} asked */
export function columnsOf(asked) {
  const classes = asked.task === "classes";
  const column = (/** @type {number} */ j) => asked.points.map((/** @type {number[]} */ p) => p[j]);
  return {
    X: classes ? [column(0), column(1)] : [column(0)],
    y: column(classes ? 2 : 1),
    numbers: asked.points.map((/** @type {any} */ _, /** @type {number} */ i) => i + 1),
    count: asked.points.length,
  };
}
