/* Elements of the page, and what is said in them. */

import { rich } from "./text.js";

/** An element of the page; what it is, and whether it is there, knows who asks for it.
 * @type {(id: string) => any} */
export const $ = (id) => document.getElementById(id);

/** Hear of an event wherever on the page it happens.
 * @type {(kind: string, heard: (event: any) => unknown, capture?: boolean) => void} */
export const listen = (kind, heard, capture = false) =>
  document.addEventListener(kind, heard, capture);

/** The path under which everything lies; empty at the top.
 * @type {() => string} */
export const base = () => document.documentElement.dataset.base ?? "";

/** Say something in an element, with its terms as buttons.
 * @type {(id: string, words: string) => void} */
export const say = (id, words) => {
  const element = $(id);
  if (!element || element.words === words) return;
  element.words = words;
  element.replaceChildren(...rich(words));
};

/** Say something for a moment, over the page.
 * @param {string} words */
export function toast(words) {
  const place = $("toast");
  place.textContent = words;
  place.classList.add("eos-toast-shown");
  clearTimeout(place.timer);
  place.timer = setTimeout(() => place.classList.remove("eos-toast-shown"), 4000);
}

let last = 0;
const PAUSE = 1500; // ms: a screen reader has to be able to follow

/** Say something to whoever does not see the page; progress no more often than they can hear.
 * @param {string} words */
export function announce(words, { progress = false } = {}) {
  const now = performance.now();
  if (progress && now - last < PAUSE) return;
  last = now;
  $("announce").textContent = words;
}
