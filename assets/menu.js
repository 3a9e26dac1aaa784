/* Menus of the header close when they are done with. */
(function () {
  const menus = () => document.querySelectorAll(".eos-menu[open]");
  document.addEventListener("click", ({ target }) => {
    for (const menu of menus())
      if (!menu.contains(target) || target.closest(".eos-menu-content button")) menu.open = false;
  });
  document.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape") return;
    for (const menu of menus()) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
})();
