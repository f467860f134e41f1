// A formula in plain characters, set as mathematics: fractions, powers, indices, roots, and brackets that grow.
import { byId } from "./words.js";

const TOKEN = /\s*(⁨[^⁩]*⁩|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|[½¼]|∂|Σ|√|(?:(?![ₖⱼᵢ])[\p{L}_])(?:(?![ₖⱼᵢ])[\p{L}\p{Mn}\d_])*′?|[₀-₉ₖⱼᵢ]+|[²³⁻¹]+|\*\*|[-+−*/·×^=←,()[\]|‖])/uy;
const PLAIN = /** @type {Record<string, string>} */ ({ "⁰": "0", "¹": "1", "²": "2", "³": "3", "⁻": "−", "ₖ": "k", "ⱼ": "j", "ᵢ": "i", pi: "π", "-": "−", "·": "⋅", "Σ": "∑" });
const CLOSED = /** @type {Record<string, string>} */ ({ "(": ")", "[": "]", "|": "|", "‖": "‖" });

/** @param {string} tag @param {...(Element|string)} children @returns {any} */
function part(tag, ...children) {
  const element = document.createElementNS(byId("mathematics").namespaceURI, tag);
  element.append(...children);
  return element;
}

/** @param {string} text what is between the lines or letters */
const plain = (text) => [...text].map((c) => PLAIN[c] ?? (c >= "₀" && c <= "₉" ? String(c.charCodeAt(0) - 0x2080) : c)).join("");

/** The formula as MathML; as it stands where it is none. @param {string} text @returns {Element|string} */
export function mathOf(text) {
  const tokens = /** @type {string[]} */ ([]);
  for (TOKEN.lastIndex = 0; TOKEN.lastIndex < text.trimEnd().length; ) {
    const found = TOKEN.exec(text);
    if (!found) return text;
    tokens.push(found[1]);
  }
  let at = 0;
  const next = () => tokens[at] ?? "";

  /** Terms with signs and relations between them, up to what closes them. @param {string} closing */
  function sum(closing) {
    const row = part("mrow");
    while (at < tokens.length && next() !== closing) {
      if ("+-−=←,".includes(next())) row.append(part("mo", plain(tokens[at++])));
      else row.append(product(closing));
    }
    return row;
  }

  /** Factors; a fraction is of the factors on both sides of its line. @param {string} closing */
  function product(closing) {
    const factors = [power(closing)];
    while (at < tokens.length && next() !== closing && !"+-−=←,".includes(next())) {
      const sign = "*/·×".includes(next()) ? tokens[at++] : "";
      const factor = power(closing);
      if (sign === "/") factors.push(part("mfrac", bare(factors.pop()), bare(factor)));
      else factors.push(...(sign ? [part("mo", sign !== "*" ? plain(sign) : factor.localName === "mn" ? "⋅" : "\u2062")] : []), factor);
    }
    return part("mrow", ...factors);
  }

  /** What has an index or an exponent. @param {string} closing @returns {any} */
  function power(closing) {
    let base = atom(closing);
    for (;;) {
      if (/^[₀-₉ₖⱼᵢ]/.test(next())) base = part("msub", base, part("mn", plain(tokens[at++])));
      else if (/^[²³⁻¹]/.test(next())) base = part("msup", base, part("mn", plain(tokens[at++])));
      else if (next() === "^" || next() === "**") {
        at += 1;
        const minus = "-−".includes(next() || " ") ? [part("mo", plain(tokens[at++]))] : [];
        base = part("msup", base, part("mrow", ...minus, bare(power(closing))));
      } else return base;
    }
  }

  /** @param {string} closing @returns {any} */
  function atom(closing) {
    const token = tokens[at++] ?? "";
    const close = CLOSED[token];
    if (close) {
      const inner = sum(close);
      if (next() !== close) throw new SyntaxError(text);
      at += 1;
      return part("mrow", part("mo", token), inner, part("mo", close));
    }
    if (token[0] === "\u2068") return part("mi", token.slice(1, -1)); // a column's name, whatever is in it
    if (/^[\d.½¼]/.test(token)) return part("mn", token);
    if (token === "Σ") return part("mo", plain(token));
    if (token === "∂") return part("mrow", part("mo", token), power(closing));
    if (token === "√") return part("msqrt", bare(power(closing)));
    if (!/^[\p{L}_]/u.test(token)) throw new SyntaxError(text);
    if (next() === "(" && token === "sqrt") return part("msqrt", bare(atom(closing)));
    if (next() === "(" && token === "abs") return part("mrow", part("mo", "|"), bare(atom(closing)), part("mo", "|"));
    const name = part("mi", PLAIN[token] ?? token);
    return next() === "(" && !/^[xyzwb]$/.test(token) ? part("mrow", name, atom(closing)) : name;
  }

  try {
    const row = sum("");
    if (at < tokens.length) return text;
    const whole = part("math", row);
    whole.setAttribute("alttext", text);
    whole.setAttribute("displaystyle", "true");
    return whole;
  } catch {
    return text;
  }
}

/** Without the brackets that a line, a root or an exponent makes needless. @param {any} element */
function bare(element) {
  const [open, inner, close] = element.children;
  return element.localName === "mrow" && element.children.length === 3 && open.textContent === "(" && close.textContent === ")" ? inner : element;
}
