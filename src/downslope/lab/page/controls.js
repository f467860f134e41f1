// How a run goes: rows × direction × learning rate, and everything else that can be set.
import { byId, figure, make, said, weightName, word } from "./words.js";
import { menu } from "./menu.js";
import { numberOf } from "./lesson.js";

/** @typedef {import("./types.js").Settings} Settings */
/** @typedef {import("./types.js").Offer} Offer */
/** @typedef {(change: Settings, still?: boolean) => void} Change  still: the person is not done yet */

/** Build the form again for a run. @param {Offer} offer @param {Settings} settings @param {Change} change @param {boolean} more */
export function buildControls(offer, settings, change, more) {
  const form = byId("controls");
  const focused = document.activeElement?.id ?? "";
  const function_ = offer.problem.kind === "function";
  const choose = (/** @type {string} */ name, /** @type {string} */ label) =>
    control(name, menu("set-" + name, label, offer.choices[name] ?? [], settings[name], (value) => change({ [name]: value }), Array.isArray(settings[name]) ? word("order_rows", { rows: settings[name].map((/** @type {number} */ row) => row + 1).join(", ") }) : undefined));
  const classes = offer.problem.rows?.classes;
  const solved = settings.direction === "closed_form" || settings.direction === "exhaustive";
  const extra = make(
    "details",
    { id: "more", open: more },
    make("summary", {}, word("more")),
    make(
      "div",
      { class: "fields" },
      offer.choices.loss && !function_ ? choose("loss", word("set_loss")) : null,
      offer.choices.penalty && !function_ ? choose("penalty", word("set_penalty")) : null,
      settings.penalty && settings.penalty !== "auto" ? number("alpha", word("set_alpha"), settings.alpha, { min: 0, step: "any" }, change) : null,
      settings.penalty && offer.choices.penalty_on && !function_ ? choose("penalty_on", word("set_penalty_on")) : null,
      classes && !function_ ? classWeights(classes, settings, change) : null,
      classes?.length === 2 && !function_ ? threshold(settings, change) : null,
      number("seed", word("set_seed"), settings.seed, { min: 0, step: 1 }, change),
      function_ ? null : tick("intercept", word("set_intercept"), settings.intercept, change),
      function_ ? null : tick("scale", word("set_scale"), settings.scale, change),
      function_ ? null : hiddenLayers(settings, change),
      settings.hidden && offer.choices.activation ? choose("activation", word("set_activation")) : null,
    ),
    start(offer, settings, change),
  );
  form.replaceChildren(
    make("div", { class: "three" }, choose("rows", word("set_rows")), choose("direction", word("set_direction")), solved ? null : choose("schedule", word("set_schedule"))),
    solved ? "" : rate(offer, settings, change),
    make(
      "div",
      { class: "fields" },
      settings.rows === "batch" && !solved ? number("batch_size", word("set_batch_size"), settings.batch_size, { min: 1, step: 1 }, change) : null,
      settings.rows !== "all" && !solved && offer.choices.order ? choose("order", word("set_order")) : null,
      settings.direction === "momentum" || settings.direction === "nesterov" ? number("momentum", word("set_momentum"), settings.momentum, { min: 0, max: 0.999, step: 0.01 }, change) : null,
      ...(settings.direction === "exhaustive" ? grid(offer, settings, change) : []),
      solved ? null : number("epochs", word("set_epochs"), settings.epochs, { min: 1, max: 100000, step: 1 }, change),
    ),
    extra,
  );
  if (focused.startsWith("set-")) byId(focused)?.focus({ preventScroll: true });
}

/** @param {string} name @param {...any} children */
function control(name, ...children) {
  return make("div", { "data-control": name, class: "control" }, ...children);
}

/** @param {string} name @param {string} label @param {any} value @param {Record<string, any>} limits @param {Change} change */
function number(name, label, value, limits, change) {
  const input = make("input", { type: "number", id: "set-" + name, value: value ?? "", ...limits });
  input.addEventListener("change", () => {
    if (input.value !== "" && input.validity.valid) change({ [name]: Number(input.value) });
    else input.reportValidity();
  });
  return control(name, make("label", { for: "set-" + name, class: "label" }, label), input);
}

/** What an exhaustive search tries: the first value, the last and the step, for each weight. @param {Offer} offer @param {Settings} settings @param {Change} change */
function grid(offer, settings, change) {
  return Object.entries(settings.grid ?? {}).flatMap(([name, values]) =>
    ["grid_first", "grid_last", "grid_step"].map((part, i) => {
      const input = make("input", { type: "number", step: "any", id: `set-${part}-${name}`, value: values[i] });
      input.addEventListener("change", () => {
        const changed = values.map((/** @type {number} */ v, /** @type {number} */ j) => (i === j ? Number(input.value) : v));
        if (input.value !== "") change({ grid: { ...settings.grid, [name]: changed } });
      });
      const symbol = offer.problem.symbols[offer.problem.names.indexOf(name)] ?? name;
      return control("grid", make("label", { for: input.id, class: "label" }, word(part, { name: weightName(symbol, name) })), input);
    }),
  );
}

/** @param {string} name @param {string} label @param {boolean} value @param {Change} change */
function tick(name, label, value, change) {
  const input = make("input", { type: "checkbox", id: "set-" + name, checked: value, onchange: () => change({ [name]: input.checked }) });
  return control(name, make("label", { class: "tick" }, input, label));
}

/** @param {Settings} settings @param {Change} change */
function hiddenLayers(settings, change) {
  const input = make("input", { type: "text", id: "set-hidden", inputmode: "numeric", pattern: "[0-9 ,，、]*", value: (settings.hidden ?? []).join(", "), placeholder: word("hidden_none") });
  input.addEventListener("change", () => {
    const sizes = (input.value.match(/\d+/g) ?? []).map(Number).filter((/** @type {number} */ n) => n > 0);
    change({ hidden: sizes.length ? sizes : null });
  });
  return control("hidden", make("label", { for: "set-hidden", class: "label" }, word("set_hidden")), input);
}

/** @param {Offer} offer @param {Settings} settings @param {Change} change */
function start(offer, settings, change) {
  const { names, symbols } = offer.problem;
  if (!names.length || names.length > 8 || settings.hidden) return null;
  const labels = names.map((name, i) => weightName(symbols[i], name));
  return control("start", make("span", { class: "label" }, word("set_start")), byName("start", "start_of", names, labels, "0", settings, change));
}

/** A number for each name, where one is given. @param {string} setting @param {string} about @param {string[]} names @param {string[]} labels @param {string} usual @param {Settings} settings @param {Change} change */
function byName(setting, about, names, labels, usual, settings, change) {
  const inputs = names.map((name, i) => {
    const input = make("input", { type: "number", step: "any", id: `set-${setting}-${name}`, value: settings[setting]?.[name] ?? "", placeholder: usual, "aria-label": word(about, { name: labels[i] }) });
    input.addEventListener("change", () => {
      const given = Object.fromEntries(names.map((one, i) => [one, inputs[i].value]).filter(([, value]) => value !== "").map(([one, value]) => [one, Number(value)]));
      change({ [setting]: Object.keys(given).length ? given : null });
    });
    return input;
  });
  return make("div", { class: "starts" }, inputs.map((input, i) => make("label", {}, labels[i] + " ", input)));
}

/** All classes alike, or a weight for each. @param {string[]} classes @param {Settings} settings @param {Change} change */
function classWeights(classes, settings, change) {
  const balanced = settings.class_weights === "balanced";
  const input = make("input", { type: "checkbox", id: "set-balanced", checked: balanced, onchange: () => change({ class_weights: input.checked ? "balanced" : null }) });
  return control(
    "class_weights",
    make("span", { class: "label" }, word("set_class_weights")),
    make("label", { class: "tick" }, input, word("class_weights_balanced")),
    balanced || classes.length > 8 ? "" : byName("class_weights", "class_weight_of", classes, classes, "1", settings, change),
  );
}

/** What the chance of the second class must exceed: a number, or the rule that finds one. @param {Settings} settings @param {Change} change */
function threshold(settings, change) {
  const input = make("input", { type: "text", id: "set-threshold", value: settings.threshold ?? "", placeholder: word("threshold_usual") });
  input.addEventListener("change", () => {
    const asked = input.value.trim();
    change({ threshold: asked === "" ? null : Number.isNaN(numberOf(asked)) ? asked : numberOf(asked) });
  });
  return control("threshold", make("label", { for: "set-threshold", class: "label" }, word("set_threshold")), input);
}

/** The learning rate: a number, or found by itself; a slider whose track shows what the curvature promises.
 * @param {Offer} offer @param {Settings} settings @param {Change} change */
function rate(offer, settings, change) {
  const { certificate } = offer;
  const searching = settings.schedule === "armijo" || settings.schedule === "wolfe";
  if (searching) return "";
  const auto = settings.learning_rate === "auto";
  const span = certificate?.slider ?? [1e-5, 10];
  const [low, high] = span.map(Math.log10);
  const value = auto ? certificate?.best ?? 0.01 : settings.learning_rate;
  const exact = make("input", { type: "number", id: "set-learning_rate", min: 0, step: "any", value: auto ? "" : value, placeholder: word("auto"), "aria-label": word("set_rate") });
  exact.addEventListener("change", () => {
    if (Number(exact.value) > 0) change({ learning_rate: Number(exact.value) });
  });
  const slider = make("input", {
    type: "range", id: "set-rate-slider", min: low, max: high, step: (high - low) / 400, value: Math.log10(value), "aria-label": word("set_rate_slider"), "aria-valuetext": figure(value, 3),
  });
  const picked = () => Number((10 ** Number(slider.value)).toPrecision(3));
  slider.addEventListener("input", () => {
    exact.value = String(picked());
    slider.setAttribute("aria-valuetext", figure(picked(), 3));
    zone.textContent = zoneText(certificate, picked());
    change({ learning_rate: picked() }, true);
  });
  slider.addEventListener("change", () => change({ learning_rate: picked() }));
  const zone = make("p", { class: "zone", id: "zone" }, auto ? word("auto_note") : zoneText(certificate, value));
  const best = certificate?.best
    ? make("button", { type: "button", id: "best", onclick: () => change({ learning_rate: certificate.best }) }, word("best", { value: figure(certificate.best, 4) }))
    : null;
  const pair = certificate?.best_momentum && settings.direction === "momentum" && certificate.best_momentum.momentum > 0
    ? make("button", { type: "button", id: "best-momentum", onclick: () => change({ ...certificate.best_momentum }) }, word("best_momentum", { momentum: figure(certificate.best_momentum.momentum, 3) }))
    : null;
  const free = make("button", { type: "button", id: "auto", "aria-pressed": String(auto), onclick: () => change({ learning_rate: auto ? certificate?.best ?? 0.01 : "auto" }) }, word("auto"));
  return control(
    "learning_rate",
    make("label", { for: "set-learning_rate", class: "label" }, word("set_rate")),
    make("div", { class: "rate" }, exact, free, best, pair),
    make("div", { class: "track", "aria-hidden": "true" }, zones(certificate, low, high)),
    slider,
    zone,
  );
}

/** @param {import("./types.js").Certificate|null} certificate @param {number} rate_ */
function zoneText(certificate, rate_) {
  if (!certificate || certificate.bound === null) return word("zone_unknown");
  const facts = { rate: figure(rate_, 4), monotone: figure(certificate.monotone, 7), bound: figure(certificate.bound, 7) };
  if (certificate.monotone !== null && rate_ <= certificate.monotone) return word("zone_monotone", facts);
  return word(rate_ <= certificate.bound ? "zone_oscillating" : "zone_diverging", facts);
}

/** The zones as parts of the slider's track. @param {import("./types.js").Certificate|null} certificate @param {number} low @param {number} high */
function zones(certificate, low, high) {
  if (!certificate || certificate.bound === null) return [];
  const share = (/** @type {number} */ value) => Math.max(0, Math.min(1, (Math.log10(value) - low) / (high - low)));
  const one = share(certificate.monotone ?? certificate.bound);
  const two = share(certificate.bound);
  const part = (/** @type {string} */ name, /** @type {number} */ width) => make("span", { class: name, style: `width:${(width * 100).toFixed(2)}%` }, width > 0.2 ? word("zone_name_" + name) : "");
  return [part("monotone", one), part("oscillating", two - one), part("diverging", 1 - two)];
}

/** What the curvature says, in words. @param {import("./types.js").Certificate|null} certificate */
export function buildBounds(certificate) {
  const lines = certificate?.lines ?? [];
  const open = byId("bounds").querySelector("details")?.open ?? false;
  byId("bounds").replaceChildren(lines.length ? make("details", { open }, make("summary", {}, word("curvature")), lines.map((line) => make("p", {}, said(line)))) : "");
}
