/* Explanations of a run: asked for, kept as they stream in, and left with it. */

import { $ } from "../base/dom.js";
import { toSearch } from "../base/query.js";
import { readStream } from "../base/stream.js";
import { marked } from "../base/text.js";
import { drawRun } from "./state.js";
/** @import { Run } from "./record.js" */

const PATIENCE = 500; // ms that a run has for itself before what explains it is asked for
const REST = 250; // ms that the cursor rests before the spectrum of its step is asked for
const MOST = 24; // explanations of a run that are kept
const PLAIN = new Set(["central_flow", "portrait", "progress"]);
const NOT_COLUMNS = new Set(["type", "unconverged"]);

/** An explanation as the browser holds it: its start, growing columns or frames, and its end. */
class Explanation {
  constructor() {
    /** @type {Line} */
    this.start = null;
    /** @type {Line} */
    this.end = null;
    /** @type {ByName<any[]>} */
    this.columns = {};
    /** @type {Line[]} */
    this.frames = [];
    this.problem = "";
    this.abort = new AbortController();
  }

  /** @param {Line} record */
  take(record) {
    if (record.type === "start") this.start = record;
    else if (record.type === "end") this.end = record;
    else if (record.type === "frame") this.frames.push(record);
    else if (record.type === "chunk") this.append(record);
  }

  /** @param {ByName<any>} chunk */
  append(chunk) {
    for (const [name, values] of Object.entries(chunk)) {
      if (NOT_COLUMNS.has(name)) continue;
      const column = (this.columns[name] ??= []);
      for (const value of values) column.push(value);
    }
  }

  /** What is seen, or how it goes, in a sentence. */
  get words() {
    if (this.problem) return this.problem;
    return this.end ? marked(this.end, "summary") : "Computing …";
  }
}

/** @type {Run | null} */
let explained = null; // the run that is explained
/** @type {{ key: string, timer?: Timer }} */
let waiting = { key: "" };
/** @type {Map<string, Explanation>} */
const held = new Map();
/** @type {(name: string, at: number) => string} */
const keyOf = (name, at) => `${name} ${at}`;

/** What there is of an explanation of a run, if it is the one that is shown.
 * @type {(run: Run, name: string, at?: number) => Explanation | undefined} */
export const explanationOf = (
  run,
  name,
  at = 0,
) => (run === explained ? held.get(keyOf(name, at)) : undefined);

/** The spectrum of a step, or the last one that is there.
 * @type {(run: Run, name: string, at: number) => Explanation | undefined} */
export const lastExplained = (run, name, at) => {
  const there = explanationOf(run, name, at);
  if (there?.columns && Object.keys(there.columns).length) return there;
  const others = run === explained
    ? [...held].filter(([key, one]) => key.startsWith(`${name} `) && one.end)
    : [];
  return others.at(-1)?.[1] ?? there;
};

/** Why a run has no such explanation; nothing if it has.
 * @type {(run: Run, name: string) => string} */
export const unexplained = (run, name) => {
  const { optimizer, momentum, batch } = run.start.params;
  const plain = !batch && (!optimizer || optimizer === "gradient_descent" || !momentum);
  return PLAIN.has(name) && !plain ? "Of full-batch gradient descent without momentum only." : "";
};

/** Stop whatever explains the run before. */
export function dropExplanations() {
  clearTimeout(waiting.timer);
  waiting = { key: "" };
  for (const one of held.values()) one.abort.abort();
  held.clear();
  explained = null;
}

/** Ask for explanations, [name, step] each, that are not there; leave what is wanted no longer.
 * @param {Run} run
 * @param {[string, number][]} asked */
export function askExplanations(run, asked) {
  if (explained !== run) {
    dropExplanations();
    explained = run;
  }
  const keys = asked.map(([name, at]) => keyOf(name, at));
  for (const [key, one] of held) {
    if (keys.includes(key) || one.end) continue;
    one.abort.abort();
    held.delete(key);
  }
  const missing = asked.filter((_, i) => !held.has(keys[i]));
  const key = JSON.stringify([missing, Boolean(run.end)]);
  if (key === waiting.key) return;
  clearTimeout(waiting.timer);
  const own = run.end ? 0 : Math.max(0, run.began + PATIENCE - performance.now());
  const rest = missing.some(([name]) => name === "spectrum") ? REST : 0;
  const go = () => {
    waiting.key = "";
    for (const [name, at] of missing) if (explained === run) ask(run, name, at);
  };
  waiting = { key, timer: missing.length ? setTimeout(go, Math.max(own, rest)) : undefined };
}

/**
 * @param {Run} run
 * @param {string} explanation
 * @param {number} at
 */
async function ask(run, explanation, at) {
  const mine = new Explanation();
  held.set(keyOf(explanation, at), mine);
  const finished = [...held].filter(([, one]) => one.end);
  if (finished.length > MOST) held.delete(finished[0][0]);
  const { eigenvalues: _k, lambda_min: _l, ...query } = run.start.query; // the spectrum marks five
  /** @param {Line} record */
  const take = (record) => {
    if (!$("run-figure")) return mine.abort.abort(); // the page was left
    mine.take(record);
    drawRun();
  };
  try {
    const search = toSearch({ ...query, explanation, at });
    await readStream(`/api/explain?${search}`, mine.abort.signal, take);
  } catch (caught) {
    const problem = /** @type {Problem} */ (caught);
    if (mine.abort.signal.aborted) return;
    if (!problem.status) throw problem;
    const { message, allowed } = problem.error ??
      { message: "the server refused", allowed: "another run" };
    mine.problem = `Not explained: ${message}. Allowed: ${allowed}.`;
    drawRun();
  }
}
