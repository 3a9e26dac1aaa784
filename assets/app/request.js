/* From the controls to a result: ask for it, follow it as it streams in, say what went wrong. */

import { $, announce, base, say } from "../base/dom.js";
import { ordinal } from "../base/format.js";
import { readStream } from "../base/stream.js";
import { marked } from "../base/text.js";
import { acceptFields, rejectField } from "./fields.js";
import { showLearningRate } from "./learning_rate.js";
import { showAddress } from "./link.js";
import { currentPage } from "./pages.js";
import { tableBegun } from "./table.js";
import { rememberValues } from "./undo.js";
import { fitFields, resultWanted, setFields } from "./values.js";

const PACE = 30; // ms between two requests while a slider is dragged
const SILENCE = 5000; // ms after which an answer of which nothing was heard is waited for no longer

const UNTOLD = {
  field: "server",
  message: "it refused the request",
  allowed: "a link of this page",
};

/** @typedef {{ abort: AbortController, at: number, answered?: boolean, held?: number }} Going */
/** What is asked for when its time has come.
 * @type {{ page: Page, query: string, changed?: string } | null} */
let next = null;
/** @type {Timer | undefined} */
let waiting;

/** What was asked for last.
 * @type {Going | null} */
let going = null;

/** The page that shows a result.
 * @type {Page | null} */
let begun = null;

/** Ask for the result of a query, as soon as something was heard of the one before: no more than
 * one request is on its way, and one value waits for it, the last.
 * @param {string} query
 * @param {string} [changed] */
export function request(query, changed) {
  next = { page: currentPage(), query, changed };
  turn();
}

resultWanted.listen(request);

/** Ask for what waits, if its time has come; what it follows is left. */
function turn() {
  clearTimeout(waiting);
  if (next?.page !== currentPage()) next = null; // that page was left
  if (!next) return;
  const pause = (going ? due(going) : 0) - performance.now();
  if (pause > 0) {
    waiting = setTimeout(turn, pause);
    return;
  }
  const { query, changed } = next;
  next = null;
  follow(query, changed);
}

/** When another request may follow one: at the pace at which it is answered, and who is told to
 * come again later does not come sooner.
 * @type {(one: Going) => number} */
const due = ({ at, answered, held }) => held || at + (answered ? PACE : SILENCE);

/** Leave what was asked for, with the page that asked. */
export function abandon() {
  clearTimeout(waiting);
  going?.abort.abort();
  next = going = null;
}

/**
 * @param {string} query
 * @param {string} [changed]
 */
async function follow(query, changed) {
  going?.abort.abort();
  const page = currentPage();
  /** @type {Going} */
  const mine = (going = { abort: new AbortController(), at: performance.now() });
  const { signal } = mine.abort;
  if (!page.Result) return;
  const result = new page.Result(query);
  const gone = () => signal.aborted || currentPage() !== page;
  const answered = () => {
    Object.assign(mine, { answered: true, held: 0 });
    if (going === mine) turn();
  };
  /** @param {Line} record */
  const take = (record) => {
    if (gone()) return;
    if (result.troubled) untroubled(result);
    result.take(record);
    if (record.type === "start") begin(page, result, changed);
    else page.grew?.(result, record);
    if (record.type === "end") {
      head(page, result);
      page.ended?.(result);
      const secret = ["eos-secret", "eos-waiting"].some((name) =>
        document.body.classList.contains(name)
      );
      if (!secret) announce($("badge")?.textContent || $("summary").textContent);
    } else if (performance.now() - result.began > 1000)
      announce(`Computing. ${$("status")?.textContent ?? ""}`, { progress: true });
    if (record.type !== "start") answered();
  };
  /** @param {News} news */
  const told = (news) => {
    if (gone()) return;
    hear(result, news);
    if (news.busy) mine.held = performance.now() + 1000 * (news.seconds ?? 0) - PACE; // before it asks by itself
    else if (news.type !== "answer") answered();
  };
  try {
    await readStream(`${page.api}?${query}`, signal, take, told);
  } catch (caught) {
    const problem = /** @type {Problem} */ (caught);
    if (gone()) return;
    answered();
    if (gone()) return; // for what waited
    if (!problem.status) throw problem;
    const error = problem.error ?? UNTOLD;
    if (!(await adapt(page, query, changed, gone)) && !gone()) refuse(error);
  }
}

const MOST_TRIES = 3;

/** What is asked for in place of what was refused.
 * @type {{ query: string, words: string, tries: number } | null} */
let adapted = null;

/** Other fields give way to what was changed, if something near can be computed; true if so.
 * @param {Page} page
 * @param {string} query
 * @param {string | undefined} changed
 * @param {() => boolean} gone */
async function adapt(page, query, changed, gone) {
  const tries = adapted?.query === query ? adapted.tries + 1 : 1;
  if (!changed || tries > MOST_TRIES) return false;
  const answer = await fetch(`${base()}/api/nearest/${page.name}?${query}&keep=${changed}`)
    .catch(() => null);
  const { changes = {}, words } = answer?.ok ? await answer.json() : {};
  if (gone() || !Object.keys(changes).length) return gone();
  const next = setFields(changes, "adapted");
  adapted = { query: next, words: tries > 1 ? `${adapted?.words} ${words}` : words, tries };
  return next !== query;
}

/** What the page has changed by itself, beside the way back.
 * @param {string} words */
function tell(words) {
  say("adapted", words);
  const undo = $("adapted-undo");
  if (undo) undo.hidden = !words;
}

/** How the request fares, apart from what is computed.
 * @param {Result} result
 * @param {News} news */
function hear(result, news) {
  if (news.type === "answer") [result.cached, result.degraded] = [news.cached, news.degraded];
  else if (news.type === "queued") wait(news.position ?? 0);
  else if (news.cut) say("status", "the line was cut; going on");
  else if (news.type === "retry") {
    const soon = `rying again in ${Math.ceil(news.seconds ?? 0)} s`;
    if (news.busy && !empty()) {
      say("status", `many are computing; t${soon}`); // nothing is wrong with what is seen
      return;
    }
    result.troubled = true;
    dimmed(true);
    const kept = empty() ? "" : " The last picture stays.";
    const why = news.busy ? "Many are computing at the moment." : "The server does not answer.";
    say("problem", `${why}${kept} T${soon}.`);
  }
}

/** @param {number} position */
function wait(position) {
  say("status", `${ordinal(position)} in line`);
  if (empty()) say("summary", "Many are computing at the moment: this result is in line.");
}

/** Whether the page shows no result yet. */
const empty = () => begun !== currentPage();

/** @param {Result} result */
function untroubled(result) {
  result.troubled = false;
  dimmed(false);
  say("problem", "");
}

/** A result has begun: its page shows it, and what has given way to it is said.
 * @param {Page} page
 * @param {Result} result
 * @param {string} [changed] */
function begin(page, result, changed) {
  const first = empty();
  begun = page;
  page.began?.(result);
  latest = [page, result];
  if (first) head(page, result);
  else heading ??= setTimeout(() => latest && head(...latest), SOON);
  if (changed) {
    acceptFields(changed);
    say("problem", "");
  }
  tableBegun(result.start.query.data);
  dimmed(false);
  showAddress();
  const words = [adapted?.query === result.query ? adapted?.words : "", fitFields(result)];
  if (changed) tell(words.filter(Boolean).join(" "));
  rememberValues(changed);
  showLearningRate(result.start);
}

const SOON = 150; // ms in which what is said may wait for the end of a result: a drag does not flicker
const SAID = ["fate", "status"];
/** @type {Timer | undefined} */
let heading;

/** The page and the result that it is for.
 * @type {[Page, Result] | undefined} */
let latest;

/** Say what is computed, and no more of what was before: nothing of an old result stands with the
 * words of a new one.
 * @param {Page} page
 * @param {Result} result */
function head(page, result) {
  clearTimeout(heading);
  heading = undefined;
  if (currentPage() !== page || result.headed) return;
  result.headed = true;
  say("setup", result.start.setup);
  if (result.start.scope) say("scope", marked(result.start, "scope"));
  say("summary", page.computing ?? "");
  for (const id of [...SAID, ...(page.said ?? [])]) say(id, "");
  $("badge").textContent = "";
  delete $("badge").dataset.outcome;
  page.headed?.(result);
}

/** Say what is computed of a result of the page that is shown.
 * @type {(result: Result) => void} */
export const showHead = (result) => head(currentPage(), result);

/** A value that cannot be used: said beside its field, with the last picture left standing, and
 * nothing of it beside what the fields say now.
 * @param {{ field: string, message: string, allowed: string }} error */
function refuse(error) {
  for (const id of ["lr-words", "lr-zone"]) say(id, "");
  const words = `${error.message[0].toUpperCase()}${
    error.message.slice(1)
  }. Allowed: ${error.allowed}.`;
  const beside = rejectField(error, words);
  say("problem", beside ? `Not computed: see ${beside}.` : words);
  say("status", "");
  dimmed(true);
}

/** @param {boolean} yes */
function dimmed(yes) {
  document.body.classList.toggle("eos-dimmed", yes);
}
