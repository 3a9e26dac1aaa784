/* The scene that is open. */

import { frame } from "../app/frame.js";
import { showAddress } from "../app/link.js";
import { currentPage } from "../app/pages.js";

/** The deck, whether it is one's own, and what is seen of the open scene.
 * @type {{
 *   deck: Deck | null, own: boolean, shown: boolean, picked: number | null, revealed: boolean
 * }} */
export const sceneState = {
  deck: null,
  own: false,
  shown: false,
  picked: null,
  revealed: true,
};

/** Close the scene that is open. */
export function closeScene() {
  frame.scene = 0;
  sceneState.shown = false;
  document.body.classList.remove("eos-has-scene", "eos-secret", "eos-waiting");
  if (currentPage().shown?.()?.start) showAddress();
}
