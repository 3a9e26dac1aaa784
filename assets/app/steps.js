/* Hands on a field of a number: arrows step by one, and when it is left it shows what was read. */

import { listen } from "../base/dom.js";
import { meant, stepped, typed } from "./numbers.js";
import { fieldValue, setField } from "./values.js";

const SELECTOR = ".eos-number input";
/** @type {(input: Element) => string} */
const named = (input) => JSON.parse(input.id).name;

/** What a step goes on from: what was typed, or where the last one led, which React may draw only
 * after the next click, and until then draws again what held before.
 * @param {HTMLInputElement} input
 * @param {string} name
 * @param {Value} held */
function stepsFrom(input, name, held) {
  if (typed.delete(name)) return meant(name, input.value);
  const last = stepped.get(name);
  return last && String(last.held) === String(held) ? last.value : Number(held);
}

/**
 * @param {HTMLInputElement} input
 * @param {number} by
 */
function step(input, by) {
  const name = named(input);
  if (input.disabled) return;
  const { min = -Infinity, max = Infinity } = input.dataset;
  const held = fieldValue(name);
  const from = stepsFrom(input, name, held);
  const wanted = typeof from === "number" ? Number((from + by).toPrecision(15)) : Number(held);
  const value = setField(name, Math.min(Number(max), Math.max(Number(min), wanted)));
  if (value === undefined) return;
  stepped.set(name, { value, held });
  input.value = String(value); // shown at once
}

listen("input", ({ target }) => {
  if (target.matches?.(SELECTOR)) typed.add(named(target));
});

/** @type {ByName<number>} */
const BY = { ArrowUp: 1, ArrowDown: -1 };

listen("keydown", (event) => {
  if (
    !event.target.matches?.(SELECTOR) || !BY[event.key] || event.altKey || event.ctrlKey ||
    event.metaKey
  ) return;
  event.preventDefault();
  step(event.target, BY[event.key]);
});

listen("click", ({ target }) => {
  const button = target.closest?.("[data-step]");
  if (button)
    step(button.closest(".eos-number").querySelector("input"), Number(button.dataset.step));
});

listen("focusout", ({ target }) => {
  if (!target.matches?.(SELECTOR)) return;
  const value = meant(named(target), target.value);
  if (typeof value === "number" && String(value) !== target.value) setField(named(target), value);
});
