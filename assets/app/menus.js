/* Menus of the header close when they are done with. */

import { listen } from "../base/dom.js";

/** @type {() => NodeListOf<HTMLDetailsElement>} */
const menus = () => document.querySelectorAll(".eos-menu[open]");

listen("click", ({ target }) => {
  for (const menu of menus())
    if (!menu.contains(target) || target.closest(".eos-menu-content button")) menu.open = false;
});

/** Close the menus that are open; whether there were any. */
export function closeMenus() {
  const open = [...menus()];
  for (const menu of open) {
    menu.open = false;
    menu.querySelector("summary")?.focus();
  }
  return open.length > 0;
}
