/* Fields on the page: which apply, which are switched off or locked, and what is wrong with them. */

import { $ } from "../base/dom.js";
import { setProps } from "./dash.js";
import { frame } from "./frame.js";
import { isUnread } from "./numbers.js";
import { allRules, fieldNames, isView, isWritten } from "./rules.js";

/** @type {(type: string, name: string) => ByName<string>} */
const idOf = (type, name) => ({ type, name });

/** The element of a field: itself, its control or its slider.
 * @type {(type: string, name: string) => any} */
export const element = (type, name) => $(`{"name":"${name}","type":"${type}"}`);

/** Fields beside which an error stands.
 * @type {Set<string>} */
export const rejected = new Set();

/** Nothing that is computed can be changed by who opens a locked link. */
export const lockFields = () => {
  if (!frame.lock) return;
  for (const name of fieldNames().filter((name) => !isView(name)))
    for (const kind of ["param", "slider"])
      if (element(kind, name)) setProps(idOf(kind, name), { disabled: true });
  for (const button of ["reset", "new-seed"]) setProps(button, { disabled: true });
};

/** Switch a field off, with the reason, or on again.
 * @type {(name: string, reason?: string) => void} */
export const disableField = (name, reason) => {
  const field = element("field", name);
  if (!field || field.reason === reason) return;
  field.help ??= field.title;
  field.reason = reason;
  field.title = reason ?? field.help;
  setProps(idOf("param", name), { disabled: Boolean(reason) });
};

/** Say what is wrong beside a field; what that is called, if it is there to be seen.
 * @type {(error: { field: string }, words: string) => string | null} */
export const rejectField = (error, words) => {
  acceptFields();
  rejected.add(error.field);
  const field = element("field", error.field);
  setProps(idOf("param", error.field), { error: words });
  field?.closest("details")?.setAttribute("open", "");
  return field?.checkVisibility({ visibilityProperty: true })
    ? field.querySelector("label, legend")?.textContent
    : null;
};

/** Take the errors away that stand beside fields.
 * @type {(changed?: string) => void} */
export const acceptFields = (changed) => {
  // What a link got wrong is said by the server, and so is not in the list.
  if (changed && element("field", changed)?.querySelector(".mantine-InputWrapper-error"))
    rejected.add(changed);
  for (const name of rejected) if (!isUnread(name)) setProps(idOf("param", name), { error: null });
  rejected.clear();
};

/** Another page has fields of its own. */
export const forgetFields = () => void (widthNote = null);

/** @type {string | null} */
let widthNote = null; // beside a width that other ones stand in for

/** Show the fields that apply, with these values of all.
 * @param {ByName<Value>} values */
export function showFields(values) {
  for (const [name, rule] of allRules()) {
    const applies = Object.entries(rule.when).every(([other, among]) =>
      among.includes(values[other])
    );
    element("field", name)?.classList.toggle("eos-hidden", !applies);
  }
  const given = isWritten(values.hidden)
    ? `not used: the hidden widths are ${values.hidden}`
    : null;
  if (given !== widthNote) setProps(idOf("param", "width"), { description: widthNote = given });
  for (const group of document.querySelectorAll(".eos-group"))
    group.classList.toggle("eos-hidden", [...group.children].every(isGone));
}

/** @type {(part: Element) => boolean} */
const isGone = (part) =>
  part.tagName === "H2" ||
  !part.getClientRects().length && getComputedStyle(part).display === "none";
