/* Present mode. */

import { announce, listen } from "../base/dom.js";
import { frame } from "./frame.js";
import { showAddress } from "./link.js";
import { currentPage } from "./pages.js";

/** Switch present mode on or off. */
export function present(yes = !frame.present) {
  frame.present = yes;
  document.body.classList.toggle("eos-present", yes);
  document.body.classList.remove("eos-controls");
  if (currentPage().shown?.()?.start) showAddress();
  currentPage().draw?.();
  announce(yes ? "Present mode. P leaves it." : "Present mode left.");
}

listen("click", ({ target }) => {
  if (target.closest?.("#present")) present();
});
