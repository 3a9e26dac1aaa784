/* Dialogs: opened by name, filled by whom they belong to. */

import { $, listen } from "../base/dom.js";
import { copyText } from "./clipboard.js";

/** By the name of a dialog.
 * @type {ByName<() => void>} */
const fills = {};

/** Have a dialog filled before it opens.
 * @type {(name: string, fill: () => void) => void} */
export const fillDialog = (name, fill) => void (fills[name] = fill);

/** Open a dialog.
 * @param {string} id */
export function openDialog(id) {
  const dialog = $(id);
  if (dialog.open) return;
  fills[id]?.();
  for (const menu of document.querySelectorAll(".eos-menu[open]")) menu.removeAttribute("open");
  dialog.showModal();
}

listen("click", ({ target }) => {
  const opener = target.closest?.("[data-opens]:not([data-opens=qr])");
  if (opener) openDialog(opener.dataset.opens);
  if (target.closest?.(".eos-close")) target.closest("dialog").close();
  if (target.matches?.("dialog")) target.close(); // the backdrop
  const source = target.closest?.("[data-copies]");
  if (source) copyText($(source.dataset.copies).value, "Copied");
});
