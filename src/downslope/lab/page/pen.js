// One drawing, two kinds of paper: a canvas, and SVG text. Pictures know only the pen.

/** @typedef {{stroke?: string, width?: number, dash?: number[], alpha?: number, fill?: string}} Ink */
/** @typedef {{size?: number, colour?: string, align?: string, base?: string, bold?: boolean, halo?: string, turn?: boolean,
 *   alpha?: number, italic?: boolean}} Lettering */

const FACE = 'system-ui, -apple-system, "Segoe UI", "Noto Sans", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif';

export class CanvasPen {
  /** @param {CanvasRenderingContext2D} context @param {number} width @param {number} height */
  constructor(context, width, height) {
    this.context = context;
    this.width = width;
    this.height = height;
  }

  /** @param {[number, number][]} points @param {Ink} ink @param {boolean} [closed] */
  path(points, ink, closed = false) {
    if (points.length === 0) return;
    const c = this.context;
    c.globalAlpha = ink.alpha ?? 1;
    c.beginPath();
    let pen = false;
    for (const [x, y] of points) {
      if (!Number.isFinite(x + y)) pen = false;
      else if (pen) c.lineTo(x, y);
      else {
        c.moveTo(x, y);
        pen = true;
      }
    }
    if (closed) c.closePath();
    this.apply(ink);
  }

  /** Many separate strokes of one ink. @param {[number, number, number, number][]} pieces @param {Ink} ink */
  pieces(pieces, ink) {
    const c = this.context;
    c.globalAlpha = ink.alpha ?? 1;
    c.beginPath();
    for (const [x0, y0, x1, y1] of pieces) {
      c.moveTo(x0, y0);
      c.lineTo(x1, y1);
    }
    this.apply(ink);
  }

  /** @param {[number, number][]} centres @param {number} radius @param {Ink} ink */
  discs(centres, radius, ink) {
    const c = this.context;
    c.globalAlpha = ink.alpha ?? 1;
    c.beginPath();
    for (const [x, y] of centres) {
      if (!Number.isFinite(x + y)) continue;
      c.moveTo(x + radius, y);
      c.arc(x, y, radius, 0, 2 * Math.PI);
    }
    this.apply(ink);
  }

  /** @param {string} text @param {number} x @param {number} y @param {Lettering} [style] */
  text(text, x, y, style = {}) {
    const c = this.context;
    c.save();
    c.globalAlpha = style.alpha ?? 1;
    c.font = `${style.italic ? "italic " : ""}${style.bold ? "600 " : ""}${style.size ?? 12}px ${FACE}`;
    c.textAlign = /** @type {CanvasTextAlign} */ (style.align ?? "left");
    c.textBaseline = /** @type {CanvasTextBaseline} */ (style.base ?? "middle");
    c.translate(x, y);
    if (style.turn) c.rotate(-Math.PI / 2);
    if (style.halo) {
      c.lineJoin = "round";
      c.lineWidth = 3;
      c.strokeStyle = style.halo;
      c.strokeText(text, 0, 0);
    }
    c.fillStyle = style.colour ?? "#000";
    c.fillText(text, 0, 0);
    c.restore();
  }

  /** @param {string} text @param {number} [size] */
  measure(text, size = 12) {
    this.context.font = `${size}px ${FACE}`;
    return this.context.measureText(text).width;
  }

  /** @param {number} x @param {number} y @param {number} w @param {number} h @param {string} fill */
  rect(x, y, w, h, fill) {
    this.context.globalAlpha = 1;
    this.context.fillStyle = fill;
    this.context.fillRect(x, y, w, h);
  }

  /** @param {HTMLCanvasElement} image @param {number} x @param {number} y @param {number} w @param {number} h */
  image(image, x, y, w, h) {
    this.context.globalAlpha = 1;
    this.context.imageSmoothingEnabled = true;
    this.context.imageSmoothingQuality = "high";
    this.context.drawImage(image, x, y, w, h);
  }

  /** Draw inside a rectangle only. @param {number[]} box x, y, width, height @param {() => void} draw */
  within(box, draw) {
    const c = this.context;
    c.save();
    c.beginPath();
    c.rect(box[0], box[1], box[2], box[3]);
    c.clip();
    draw();
    c.restore();
  }

  /** @param {Ink} ink */
  apply(ink) {
    const c = this.context;
    if (ink.fill) {
      c.fillStyle = ink.fill;
      c.fill();
    }
    if (ink.stroke) {
      c.strokeStyle = ink.stroke;
      c.lineWidth = ink.width ?? 1;
      c.setLineDash(ink.dash ?? []);
      c.lineJoin = c.lineCap = "round";
      c.stroke();
      c.setLineDash([]);
    }
    c.globalAlpha = 1;
  }
}

export class SvgPen {
  /** @param {number} width @param {number} height */
  constructor(width, height) {
    this.width = width;
    this.height = height;
    this.parts = /** @type {string[]} */ ([]);
    this.clips = 0;
  }

  /** @param {[number, number][]} points @param {Ink} ink @param {boolean} [closed] */
  path(points, ink, closed = false) {
    let d = "";
    let pen = false;
    for (const [x, y] of points) {
      if (!Number.isFinite(x + y)) pen = false;
      else {
        d += `${pen ? "L" : "M"}${short(x)} ${short(y)}`;
        pen = true;
      }
    }
    if (d) this.parts.push(`<path d="${d}${closed ? "Z" : ""}"${svgInk(ink)}/>`);
  }

  /** @param {[number, number, number, number][]} pieces @param {Ink} ink */
  pieces(pieces, ink) {
    const d = pieces.map(([x0, y0, x1, y1]) => `M${short(x0)} ${short(y0)}L${short(x1)} ${short(y1)}`).join("");
    if (d) this.parts.push(`<path d="${d}"${svgInk(ink)}/>`);
  }

  /** @param {[number, number][]} centres @param {number} radius @param {Ink} ink */
  discs(centres, radius, ink) {
    for (const [x, y] of centres)
      if (Number.isFinite(x + y)) this.parts.push(`<circle cx="${short(x)}" cy="${short(y)}" r="${radius}"${svgInk(ink)}/>`);
  }

  /** @param {string} text @param {number} x @param {number} y @param {Lettering} [style] */
  text(text, x, y, style = {}) {
    const anchor = { left: "start", start: "start", center: "middle", right: "end", end: "end" }[style.align ?? "left"];
    const base = { middle: "central", top: "hanging", bottom: "auto", alphabetic: "auto" }[style.base ?? "middle"];
    const halo = style.halo ? ` stroke="${style.halo}" stroke-width="3" paint-order="stroke" stroke-linejoin="round"` : "";
    const turn = style.turn ? ` transform="rotate(-90 ${short(x)} ${short(y)})"` : "";
    const bold = `${style.bold ? ' font-weight="600"' : ""}${style.italic ? ' font-style="italic"' : ""}`;
    this.parts.push(
      `<text x="${short(x)}" y="${short(y)}" font-size="${style.size ?? 12}" fill="${style.colour ?? "#000"}" text-anchor="${anchor}"` +
        ` dominant-baseline="${base}" opacity="${style.alpha ?? 1}"${bold}${halo}${turn}>${escaped(text)}</text>`,
    );
  }

  /** @param {string} text @param {number} [size] */
  measure(text, size = 12) {
    return text.length * size * 0.56;
  }

  /** @param {number} x @param {number} y @param {number} w @param {number} h @param {string} fill */
  rect(x, y, w, h, fill) {
    this.parts.push(`<rect x="${short(x)}" y="${short(y)}" width="${short(w)}" height="${short(h)}" fill="${fill}"/>`);
  }

  /** @param {HTMLCanvasElement} image @param {number} x @param {number} y @param {number} w @param {number} h */
  image(image, x, y, w, h) {
    this.parts.push(
      `<image href="${image.toDataURL()}" x="${short(x)}" y="${short(y)}" width="${short(w)}" height="${short(h)}" preserveAspectRatio="none"/>`,
    );
  }

  /** @param {number[]} box @param {() => void} draw */
  within(box, draw) {
    const name = `clip${(this.clips += 1)}`;
    const [x, y, w, h] = box.map(short);
    this.parts.push(`<clipPath id="${name}"><rect x="${x}" y="${y}" width="${w}" height="${h}"/></clipPath><g clip-path="url(#${name})">`);
    draw();
    this.parts.push("</g>");
  }

  /** @returns {string} the whole picture */
  toString() {
    return (
      `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${this.width} ${this.height}" width="${this.width}" height="${this.height}"` +
      ` font-family="${escaped(FACE)}" fill="none">${this.parts.join("\n")}</svg>\n`
    );
  }
}

/** @param {number} value */
function short(value) {
  return Math.round(value * 100) / 100;
}

/** @param {string} text */
function escaped(text) {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}

/** @param {Ink} ink */
function svgInk(ink) {
  const stroke = ink.stroke
    ? ` stroke="${ink.stroke}" stroke-width="${ink.width ?? 1}" stroke-linecap="round" stroke-linejoin="round"` +
      (ink.dash?.length ? ` stroke-dasharray="${ink.dash.join(" ")}"` : "")
    : "";
  return ` fill="${ink.fill ?? "none"}"${stroke}${ink.alpha === undefined ? "" : ` opacity="${ink.alpha}"`}`;
}

/** An arrow from one place to another; its head is left out when it is too short to have one.
 * @param {CanvasPen|SvgPen} pen @param {number[]} from @param {number[]} to @param {Ink} ink */
export function arrow(pen, from, to, ink) {
  const dx = to[0] - from[0];
  const dy = to[1] - from[1];
  const length = Math.hypot(dx, dy);
  if (!(length > 2)) return;
  const head = Math.min(9, length * 0.5);
  const [ux, uy] = [dx / length, dy / length];
  pen.pieces([[from[0], from[1], to[0] - ux * head * 0.7, to[1] - uy * head * 0.7]], ink);
  const left = /** @type {[number, number]} */ ([to[0] - ux * head - uy * head * 0.45, to[1] - uy * head + ux * head * 0.45]);
  const right = /** @type {[number, number]} */ ([to[0] - ux * head + uy * head * 0.45, to[1] - uy * head - ux * head * 0.45]);
  pen.path([[to[0], to[1]], left, right], { fill: ink.stroke, alpha: ink.alpha }, true);
}
