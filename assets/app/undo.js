/* Undo and redo of changes of parameters, on the page they were made on. */

import { $ } from "../base/dom.js";
import { frame } from "./frame.js";
import { isView } from "./rules.js";
import { setFields, valuesNow } from "./values.js";

const TOGETHER = 1200; // ms within which changes of one field are one change, as of a key that repeats
let past = [];
let future = [];
let now = null; // {values, changed, at}
let wanted = null; // {values, touches}: what is being gone back to
let touches = 0; // while a pointer holds a slider there is no other, however slow the answers are

for (const kind of ["pointerdown", "keydown"])
  document.addEventListener(kind, () => (touches += 1), true);

const text = (values) => JSON.stringify(Object.entries(values).sort());

/** The values of the controls are those of a result: what was before can be gone back to. */
function remember(values, changed) {
  const at = performance.now();
  const there = wanted && text(values) === text(wanted.values);
  if (wanted?.touches === touches && !there) return; // on the way
  wanted = null;
  if (there) now = { values, changed: null, at };
  if (text(values) === text(now?.values ?? {})) return shown();
  const soon = at - now?.at < TOGETHER || touches === now?.touches;
  if (now && !(soon && changed && now.changed === changed)) past.push(now.values);
  future = [];
  now = { values, changed, at, touches };
  shown();
}

/** What the controls say now can be gone back to. */
export function rememberValues(changed) {
  const computed = Object.entries(valuesNow()).filter(([name]) => !isView(name));
  remember(Object.fromEntries(computed), changed);
}

/** Another page has other controls. */
export const forgetChanges = () => {
  [past, future, now, wanted] = [[], [], null, null];
};

function travel(from, to) {
  if (!from.length || frame.lock) return;
  to.push((wanted ?? now).values);
  wanted = { values: from.pop(), touches };
  setFields(wanted.values);
  shown();
}

export const undo = () => travel(past, future);
export const redo = () => travel(future, past);

function shown() {
  for (const [id, list] of [["undo", past], ["redo", future]]) {
    const button = $(id);
    if (button) button.disabled = !list.length;
  }
}

document.addEventListener("click", ({ target }) => {
  const id = target.closest?.("button")?.id;
  if (id === "undo" || id === "adapted-undo") undo();
  if (id === "redo") redo();
});
