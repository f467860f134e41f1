// The records that the server sends; the page keeps no others. Only types stand here.

/** @typedef {{en: string, zh: string}} Said  a sentence in both languages */
/** @typedef {Record<string, any>} Settings  one run's settings, as the server tells them */
/** @typedef {Record<string, any>} Asked  a problem, as it is asked for */
/** @typedef {{value: any, label: Said, ok: boolean, why: Said|null}} Choice */
/** @typedef {{kind: string, L: number|null, mu: number|null, condition: number|null, monotone: number|null, bound: number|null,
 *   best: number|null, best_momentum: {momentum: number, learning_rate: number}|null, slider: [number, number],
 *   zone: string|null, lines: Said[]}} Certificate */
/** @typedef {{count: number, features: string[], target: string, classes: string[]|null, numbers: number[],
 *   X: number[][], y: number[]}} Rows  X holds one list for each feature shown */
/** @typedef {{asked: Asked, kind: string, title: Said, names: string[], symbols: string[], formulas: {what: Said, text: string}[], rows: Rows|null,
 *   minimum: {params: number[], loss: number}|null, notes: Said[]}} Problem */
/** @typedef {{step: number[], epoch: number[], rows: number[], seconds: number[], loss: (number|null)[],
 *   gradient_norm: (number|null)[], learning_rate: (number|null)[], validation: (number|null)[]|null}} Trace */
/** @typedef {{name: string, before: string[], rate: string[], gradient: string[], after: string[], change: string[]}} WeightWords */
/** @typedef {{form: string, scaled: Said|null, weights: WeightWords[], seen: (Said|null)[], loss: string[]}} Words */
/** @typedef {{x: (number|null)[], y: (number|null)[]|null, f: (number|null)[], gx: (number|null)[]|null,
 *   gy: (number|null)[]|null}} Path */
/** @typedef {{kind: string|null, x?: number[], y?: number[], z?: (number|null)[][], at?: number[], features?: number[],
 *   class?: number[][][], lead?: number[][][], chance?: number[][][]|null,
 *   predicted?: {at: number[], z: (number|null)[][], residual: (number|null)[][]}|null}} Fit */
/** @typedef {{code: string, failed: boolean, text: Said, numbers: Record<string, any>,
 *   remedies: {code: string, text: Said, change: Settings|null}[]}} Verdict */
/** @typedef {{settings: Settings, label: Said, error: Said|null, method: string, stopped: string, epochs: number, seconds: number,
 *   loss: number|null, trace: Trace, rule: string|null, params: {names: string[], symbols: string[], columns: (number|null)[][], left_out: number},
 *   full: (number|null)[], frame_epoch: number[], diverged: {frame: number, value: number|null, why: Said}|null,
 *   scales: {loss: number[], full: number[], params: number[], floor: number}, thinned: Said|null, verdict: Verdict|null, findings: Verdict[],
 *   certificate: Certificate|null, words: Words|null, fit: Fit|null, path: Path|null,
 *   metrics: Record<string, Record<string, any>>|null, trace_csv: string|null}} Run */
/** @typedef {{kind: string, axes: string[], x: number[], y: number[], f: any, window: number[], f_window: number[],
 *   levels: number[], low: number, equal: boolean, minimum: any, plane: {share: number, text: Said}|null,
 *   names: string[]|null, back: {offset: number[], matrix: number[][]}|null, standardised: Said|null,
 *   band: number[][], height: number[][]}} Landscape */
/** @typedef {{landscape: Landscape|null, search: {name: string, x: number[], f: (number|null)[], best: number}|null}} Pictures */
/** @typedef {{problem: Problem, runs: Run[], pictures: Pictures, draft?: boolean}} Lab  a document: all that is played; a draft is not judged */
/** @typedef {{title: Said, number: number, command: string, parts: {stage: string, name: Said, text: Said, outcome?: Said}[],
 *   learned: Said, figures: Record<string, number>, problem: Asked, runs: Settings[], view: string, hide: string[],
 *   questions: any[], why: Said|null, cards: Card[]}} Lesson */
/** @typedef {{text: Said, problem: Asked, runs: Settings[], view: string, predict: string|null,
 *   window?: number[][]|null}} Card  predict: the question that is asked first; window: what the landscape shows */
/** @typedef {{problem: Problem, defaults: Settings, settings: Settings, choices: Record<string, Choice[]>,
 *   certificate: Certificate|null, pictures: Pictures}} Offer  what can be chosen before anything runs */
/** @typedef {{head: string[], rows: (string|number)[][]}} Table */

export const LANGUAGES = ["en", "zh"];
