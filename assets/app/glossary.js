/* Terms of the field: explained where they are marked in a text, and in the glossary. */

import { $, listen } from "../base/dom.js";
import { setShell } from "./dash.js";
import { fillDialog, openDialog } from "./dialogs.js";

/** @type {string | null} */
let wanted = null; // the term to open the glossary at

fillDialog("glossary", () => {
  if (!document.querySelector("#terms section")) setShell("glossary-asked", { data: "all" });
});

/** Open the glossary at a term.
 * @param {string} key */
export function showTerm(key) {
  wanted = key;
  openDialog("glossary");
  look();
}

/** The term is there as soon as the glossary is. */
function look() {
  const section = wanted && $(`term-${wanted}`);
  if (!section) return;
  section.scrollIntoView({ block: "center" });
  section.focus();
  wanted = null;
}

new MutationObserver(look).observe(document.documentElement, { childList: true, subtree: true });

listen("click", (event) => {
  const term = event.target.closest?.(".eos-term");
  if (!term) return;
  event.preventDefault();
  showTerm(term.dataset.term);
});
