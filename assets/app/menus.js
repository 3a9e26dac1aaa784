/* Menus of the header close when they are done with. */

const menus = () => document.querySelectorAll(".eos-menu[open]");

document.addEventListener("click", ({ target }) => {
  for (const menu of menus())
    if (!menu.contains(target) || target.closest(".eos-menu-content button")) menu.open = false;
});

/** Close the menus that are open; whether there were any. */
export function closeMenus() {
  const open = [...menus()];
  for (const menu of open) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
  return open.length > 0;
}
