/* The clipboard. */

import { toast } from "../base/dom.js";

/** Copy a text, and say so in words.
 * @param {string} text
 * @param {string} words */
export async function copyText(text, words) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without https there is no clipboard to write to, but a selection can be copied.
    const area = document.createElement("textarea");
    area.value = text;
    (document.querySelector("dialog[open]") ?? document.body).append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  toast(words);
}
