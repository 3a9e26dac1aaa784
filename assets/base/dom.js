/* Elements of the page, and what is said in them. */

import { rich } from "./text.js";

export const $ = (id) => document.getElementById(id);

/** The path under which everything lies; empty at the top. */
export const base = () => document.documentElement.dataset.base;

/** Say something in an element, with its terms as buttons. */
export const say = (id, words) => {
  const element = $(id);
  if (!element || element.words === words) return;
  element.words = words;
  element.replaceChildren(...rich(words));
};

/** Say something for a moment, over the page. */
export function toast(words) {
  const place = $("toast");
  place.textContent = words;
  place.classList.add("eos-toast-shown");
  clearTimeout(place.timer);
  place.timer = setTimeout(() => place.classList.remove("eos-toast-shown"), 4000);
}

let last = 0;
const PAUSE = 1500; // ms: a screen reader has to be able to follow

/** Say something to whoever does not see the page; progress no more often than they can hear. */
export function announce(words, { progress = false } = {}) {
  const now = performance.now();
  if (progress && now - last < PAUSE) return;
  last = now;
  $("announce").textContent = words;
}
