/* Undo and redo of changes of parameters, on the page they were made on. */

import { $, listen } from "../base/dom.js";
import { History } from "../base/history.js";
import { frame } from "./frame.js";
import { isView } from "./rules.js";
import { setFields, valuesNow } from "./values.js";

let history = new History();
let touches = 0; // while a pointer holds a slider there is no other
for (const kind of ["pointerdown", "keydown"]) listen(kind, () => (touches += 1), true);

/** What the controls say now, which are of a result, can be gone back to.
 * @param {string} [changed] */
export function rememberValues(changed) {
  const computed = Object.entries(valuesNow()).filter(([name]) => !isView(name));
  history.remember(Object.fromEntries(computed), changed, performance.now(), touches);
  shown();
}

/** Another page has other controls. */
export const forgetChanges = () => void (history = new History());

/** @param {"undo" | "redo"} way */
function travel(way) {
  const values = frame.lock ? null : history[way](touches);
  if (!values) return;
  setFields(values);
  shown();
}

export const undo = () => travel("undo");
export const redo = () => travel("redo");

function shown() {
  for (const [id, list] of Object.entries({ undo: history.past, redo: history.future })) {
    const button = $(id);
    if (button) button.disabled = !list.length;
  }
}

listen("click", ({ target }) => {
  const id = target.closest?.("button")?.id;
  if (id === "undo" || id === "adapted-undo") undo();
  if (id === "redo") redo();
});
