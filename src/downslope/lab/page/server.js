// The page's only conversation: with the server that it came from.

/** A refusal of the server: its one sentence, in both languages. */
export class Refusal extends Error {
  /** @param {import("./types.js").Said|string} sentence */
  constructor(sentence) {
    super("refused");
    this.sentence = sentence;
  }
}

/** @param {Response} answer */
async function checked(answer) {
  if (answer.ok) return answer;
  let sentence = /** @type {any} */ (String(answer.status));
  try {
    sentence = (await answer.json()).error ?? sentence;
  } catch {
    // not JSON: the status is all there is
  }
  throw new Refusal(sentence);
}

/** @param {string} path @param {AbortSignal} [signal] @returns {Promise<any>} */
export async function fetched(path, signal) {
  return (await checked(await fetch(path, { signal }))).json();
}

/** @param {string} path @param {any} body @param {AbortSignal} [signal] @returns {Promise<Response>} */
export async function posted(path, body, signal) {
  const bytes = body instanceof Blob;
  return checked(
    await fetch(path, {
      method: "POST",
      headers: { "Content-Type": bytes ? "application/octet-stream" : "application/json" },
      body: bytes ? body : JSON.stringify(body),
      signal,
    }),
  );
}

/** An answer that comes line by line. @param {Response} answer @param {(line: any) => void} each */
export async function eachLine(answer, each) {
  const reader = /** @type {ReadableStream<Uint8Array>} */ (answer.body).getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    rest += decoder.decode(value, { stream: !done });
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim()) each(JSON.parse(line));
    if (done) break;
  }
  if (rest.trim()) each(JSON.parse(rest));
}

/** Hand a file to the person. @param {string} name @param {Blob} blob */
export function handOver(name, blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
