/* Lines of JSON from the server as they arrive: asked for again where the answer is cut. */

import { base } from "./dom.js";

/** What a server answers that is busy for the moment. */
export const BUSY = new Set([429, 502, 503, 504]);
const LONGEST = 10; // seconds between two tries

/** Read newline-delimited JSON and hand over each record as it arrives. Where the answer is cut, or
 * the server is busy, ask again, from the row that was reached. ``told`` hears how it goes:
 * {type: "answer", cached, degraded}, {type: "queued", position}, {type: "alive"},
 * {type: "retry", busy, cut, seconds}.
 * Rejects with {status, error} for what another try would not mend, and as fetch does if aborted.
 * @param {string} url
 * @param {AbortSignal} signal
 * @param {(record: Line) => void} take
 * @param {(news: News) => void} told */
export async function readStream(url, signal, take, told = (_news) => {}) {
  const reading = { rows: 0, tries: 0, ended: false };
  /** @param {Line} record */
  const each = (record) => {
    if (record.type === "error") throw record;
    if (record.type === "queued" || record.type === "alive") return told(record);
    if (record.type !== "progress") reading.rows += 1;
    reading.tries = 0;
    reading.ended = record.type === "end";
    try {
      take(record);
    } catch (mistake) {
      throw { mistake };
    }
  };
  const { math } = document.documentElement.dataset;
  const asked = math ? `${url}&v=${math}` : url;
  while (!reading.ended) {
    try {
      await read(reading.rows ? `${asked}&row=${reading.rows}` : asked, signal, each, told);
      if (!reading.ended) throw new Error("the answer was cut");
    } catch (caught) {
      const problem = /** @type {any} */ (caught);
      if (problem.mistake) throw problem.mistake;
      if (signal.aborted || (problem.status && !BUSY.has(problem.status))) throw problem;
      const seconds = pause(problem, ++reading.tries);
      const cut = reading.rows > 0 && reading.tries === 1;
      told({ type: "retry", busy: BUSY.has(problem.status), cut, seconds });
      await wait(seconds, signal);
    }
  }
}

/** One answer, from its status to its end.
 * @param {string} url
 * @param {AbortSignal} signal
 * @param {(record: Line) => void} each
 * @param {(news: News) => void} told */
async function read(url, signal, each, told) {
  const response = await fetch(`${base()}${url}`, { signal });
  if (!response.ok) {
    const body = await response.json().catch(() => ({}));
    const retry_after = Number(response.headers.get("Retry-After")) || null;
    throw { status: response.status, error: body.error, retry_after };
  }
  const state = response.headers.get("Cache-Status") ?? "";
  told({ type: "answer", cached: state.includes("hit"), degraded: state.includes("degraded") });
  if (response.body) await readLines(response.body, each);
}

/** Each line of JSON as soon as it is whole.
 * @param {ReadableStream<BufferSource>} body
 * @param {(record: Line) => void} each */
export async function readLines(body, each) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    const lines = (rest + value).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) each(JSON.parse(line));
  }
}

/** Seconds until another try: never the same for all who were cut off in the same moment.
 * @param {Problem} problem
 * @param {number} tries */
export function pause(problem, tries) {
  if (problem.retry_after) return problem.retry_after * (1 + 0.5 * Math.random());
  if (tries === 1) return 0.2 + 0.8 * Math.random();
  return Math.min(2 * tries, LONGEST) * (0.5 + Math.random());
}

/** @type {(seconds: number, signal: AbortSignal) => Promise<unknown>} */
const wait = (seconds, signal) =>
  new Promise((resolve) => {
    setTimeout(resolve, 1000 * seconds);
    signal.addEventListener("abort", resolve, { once: true });
  });
