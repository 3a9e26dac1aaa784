/* Fields of numbers: what their texts mean, and where the last number still holds. */

import { readNumber } from "../base/number.js";
import { setProps } from "./dash.js";
import { ruleOf } from "./rules.js";

/** A value as a field holds it: of a field of numbers the number, where it is one.
 * @param {string} name
 * @param {Value} value
 * @returns {Value} */
export function meant(name, value) {
  const { number } = ruleOf(name) ?? {};
  if (!number || typeof value === "number") return value;
  try {
    return readNumber(value, number === "whole");
  } catch {
    return value;
  }
}

/** @type {Set<string>} */
export const typed = new Set(); // fields whose texts are not those that were set or drawn
/** @type {Map<string, { value: Value, held: Value }>} */
export const stepped = new Map(); // where fields are on the way to, by steps, and what holds meanwhile
/** @type {Map<string, Value>} */
const unread = new Map(); // texts of fields that are no numbers: there the last value holds

/** Whether the text of a field is no number.
 * @type {(name: string) => boolean} */
export const isUnread = (name) => unread.has(name);

/** Put numbers for the texts of fields; for one that is none the value of before, with words
 * beside it. The names of those that are read again.
 * @param {ByName<Value>} found
 * @param {ByName<Value>} before */
export function readNumbers(found, before) {
  const again = [];
  for (const [name, text] of Object.entries(found)) {
    if (!ruleOf(name)?.number) continue;
    try {
      found[name] = readNumber(text, ruleOf(name).number === "whole");
      if (unread.delete(name)) again.push(name);
      if (String(stepped.get(name)?.value) === String(found[name])) stepped.delete(name); // it has arrived
    } catch (problem) {
      const { message } = /** @type {Error} */ (problem);
      found[name] = before[name];
      if (unread.get(name) !== text) refuse(name, `${message}. It is still ${before[name]}.`);
      unread.set(name, text);
    }
  }
  for (const name of again) refuse(name, null);
  return again;
}

/** @type {(name: string, error: string | null) => void} */
const refuse = (name, error) => setProps({ type: "param", name }, { error });

/** Another page has fields of its own. */
export const forgetNumbers = () => [typed, stepped, unread].forEach((fields) => fields.clear());
