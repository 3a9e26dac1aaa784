/* Dialogs: opened by name, filled by whom they belong to. */

import { $ } from "../base/dom.js";
import { copyText } from "./clipboard.js";

const fills = {}; // by the name of a dialog

/** Have a dialog filled before it opens. */
export const fillDialog = (name, fill) => void (fills[name] = fill);

/** Open a dialog. */
export function openDialog(id) {
  const dialog = $(id);
  if (dialog.open) return;
  fills[id]?.();
  for (const menu of document.querySelectorAll(".eos-menu[open]")) menu.open = false;
  dialog.showModal();
}

document.addEventListener("click", ({ target }) => {
  const opener = target.closest?.("[data-opens]:not([data-opens=qr])");
  if (opener) openDialog(opener.dataset.opens);
  if (target.closest?.(".eos-close")) target.closest("dialog").close();
  if (target.matches?.("dialog")) target.close(); // the backdrop
  const source = target.closest?.("[data-copies]");
  if (source) copyText($(source.dataset.copies).value, "Copied");
});
