/* The state of the page: what its fields hold, set in one way, and asked for when it has changed. */

import { listen, toast } from "../base/dom.js";
import { Intents } from "../base/intents.js";
import { toSearch } from "../base/query.js";
import { signal } from "../base/signal.js";
import { setProps } from "./dash.js";
import { element, rejected } from "./fields.js";
import { fitting } from "./fitting.js";
import { frame } from "./frame.js";
import { isUnread, meant, readNumbers } from "./numbers.js";
import { currentPage } from "./pages.js";
import { allRules, isView, isWritten, ruleOf } from "./rules.js";

/** Tells that the result of other values is wanted: (query, the name of the field that changed). */
export const resultWanted = signal();

/** @type {ByName<any>} */
let values = {};
/** @type {ByName<any>} */
let view = {}; // those of them that only look at what is computed

/** The query that was asked for last: a slider that is given new ends echoes its value, which is no
 * new question.
 * @type {string | null} */
let asked = null;
const MOST_LOOKS = 10;
const intents = new Intents();

/** @type {(name: string) => boolean} */
const locked = (name) => frame.lock && !isView(name) && name !== currentPage().cursor;

/** @type {(name: string, value: Value) => void} */
const write = (name, value) =>
  setProps(
    { type: "param", name },
    typeof value === "boolean" ? { checked: value } : { value: String(value ?? "") },
  );

/** Set a field, as a hand on its control would, to the value that comes back; a locked one stays
 * as it is, and nothing comes back.
 * @type {(name: string, given: Value) => Value} */
export const setField = (name, given) => {
  if (locked(name))
    return void toast("This link is locked: its parameters can be seen, but not changed.");
  const value = meant(name, given);
  intents.set(name, value);
  write(name, value);
  return value;
};

/** What a field was set to, until it has settled there, while no hand is on its control.
 * @param {string} name */
function intended(name) {
  if (document.activeElement === element("param", name)) intents.forget(name);
  return intents.all.get(name);
}

/** A hand that takes hold of a control, with a pointer or a key, ends that. */
for (const kind of ["pointerdown", "click", "keydown", "input"])
  listen(kind, ({ target, key = "Pointer" }) => {
    const field = target.closest?.(".eos-field");
    if (field && key.length > 1) intents.forget(JSON.parse(field.id).name);
  }, true);

/** Undo what inputs repeat late; the names of those fields, of all that say something.
 * @param {string[]} said */
export function undoEchoes(said) {
  for (const name of intents.all.keys()) intended(name); // where no hand is
  return intents.undoEchoes(said, values, write);
}

/** What the fields hold, by name. */
export const valuesNow = () => values;

/** Have what is computed looked at as the fields say. */
export function takeView() {
  view = Object.fromEntries(Object.entries(values).filter(([name]) => isView(name)));
}

/** How what is computed is looked at. */
export const viewNow = () => view;

/** A slider was moved: its field holds that.
 * @param {string} name
 * @param {Value} value */
export function moveField(name, value) {
  values[name] = value;
  intents.set(name, value);
}

/** Another page has controls of its own. */
export function forgetValues() {
  asked = awaited = null;
  for (const name of intents.all.keys()) intents.forget(name);
}

/** What a field holds, or is about to: a key that repeats goes on from what it has set.
 * @type {(name: string) => any} */
export const fieldValue = (name) => (intended(name) ?? { value: values[name] }).value;

/** The last answer has begun: fields that were left out show what suits, and are said again.
 * What of the size of the picture is another now, in words.
 * @type {(result: Result) => string} */
export const fitFields = ({ start, query: of }) => {
  if (of !== asked) return "";
  const before = { ...values };
  const others = fitting.take(start, values, (name, value) => {
    intents.set(name, values[name] = value);
    write(name, value);
  });
  asked = query();
  const sizes = others.filter((name) => !["start", "step"].includes(ruleOf(name).group));
  const words = sizes.map((name) =>
    `${ruleOf(name).label.toLowerCase()} ${values[name]} instead of ${before[name]}`
  );
  return words.length ? `Fitted: ${words.join(", ")}.` : "";
};

/** Take what the inputs of a callback hold, fields by kind.
 * @param {{ id: { name: string }, value?: Value }[][]} inputs */
export function takeInputs(inputs) {
  /** @type {ByName<any>} */
  const found = {};
  for (const list of inputs)
    for (const { id, value } of list) if (value !== undefined) found[id.name] = value;
  if (readNumbers(found, values).some((name) => rejected.has(name))) asked = null; // say it again
  values = found;
}

/** What is asked for with these values.
 * @param {ByName<any>} all */
export function query(all = values) {
  const { cursor } = currentPage();
  const pairs = Object.entries(all).filter(
    ([name, value]) => !isView(name) && name !== cursor && isWritten(value) && fitting.says(name),
  );
  return toSearch(pairs);
}

const NOTHING = ["", "None"]; // how a field says that it is empty by default
/** @type {string | null} */
let awaited = null; // the query that several fields are together being set to
/** @type {string | null} */
let cause = null; // the field whose change made the page set others

/** The query that several fields are together being set to, or null. */
export const queryAwaited = () => awaited;

/** What is asked for next is because a field was changed.
 * @type {(name: string) => void} */
export const because = (name) => void (cause = name);

/** Set several fields, and ask once when all have taken over; the query that it will be.
 * @param {ByName<Value>} others
 * @param {string} [by] */
export function setFields(others, by) {
  const known = Object.entries(fitting.set(others, by)).filter(([name]) => name in values);
  /** @type {[string, Value][]} */
  const typed = known.map((
    [name, value],
  ) => [
    name,
    typeof values[name] === "boolean" ? String(value) === "true" : meant(name, value),
  ]);
  const changes = typed.filter(([name, value]) =>
    isUnread(name) || String(values[name] ?? "") !== String(value)
  );
  awaited = query({ ...values, ...Object.fromEntries(typed) });
  const mine = awaited;
  for (const [name, value] of changes) setField(name, value);
  /** @param {number} looks */
  const settle = (looks) => {
    if (awaited !== mine) return;
    const moving = changes.some(([name]) => intents.isMoving(name));
    if (moving && looks < MOST_LOOKS) return setTimeout(settle, intents.echo, looks + 1);
    awaited = null; // written otherwise by a control: ask for what is there
    ask();
  };
  setTimeout(settle, changes.length ? intents.echo : 0, 0);
  return mine;
}

/** When all have taken over: a page must not be left before, Dash would look for its controls. */
export async function settled() {
  while (awaited) await new Promise(requestAnimationFrame);
}

/** The state of a link, in place: what it does not name of the view is as by default, and what
 * links leave out where it is empty, such as hidden widths, is empty.
 * @param {string} search */
export function setState(search) {
  fitting.begin(new URLSearchParams(search), values);
  /** @param {[string, Rule]} named */
  const told = ([, rule]) =>
    ["view", "measured"].includes(rule.group) || NOTHING.includes(rule.default);
  /** @param {string} text */
  const value = (text) => (NOTHING.includes(text) ? "" : text);
  const defaults = Object.fromEntries(
    allRules().filter(told).map(([name, rule]) => [name, value(rule.default)]),
  );
  setFields({ ...defaults, ...Object.fromEntries(new URLSearchParams(search)) });
}

/** Ask for the run of the values, unless it was the last one asked for.
 * @param {string} [changed] */
export function ask(changed) {
  const next = query();
  if (awaited && next !== awaited) return null; // on the way to it
  awaited = null;
  if (next === asked && !rejected.size) return null;
  asked = next;
  resultWanted(next, cause ?? changed);
  cause = null;
  return next;
}
