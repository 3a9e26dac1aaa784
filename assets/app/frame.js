/* How a link frames the page: scene, present mode, hidden and locked controls, embed. */

/** @type {(text: string) => boolean} */
const on = (text) => ["true", "1", "yes", "on", "t", "y"].includes(text.toLowerCase());
const given = new URLSearchParams(location.search);

/** @param {string} name */
const said = (name) => given.get(name) ?? "";

/** How the link of this visit frames it.
 * @type {Required<Framing>} */
export const frame = {
  scene: /^[0-9]{1,3}$/.test(said("scene")) ? Number(said("scene")) : 0,
  deck: /^([0-9a-f]{12}|\/(?!\/)\S{1,199})$/.test(said("deck")) ? said("deck") : "",
  hide: said("hide").split(",").filter((name) => /^[a-z_]+$/.test(name)),
  present: on(said("present")),
  lock: on(said("lock")),
  embed: on(said("embed")),
};

/** Whether the link names a scene and nothing else. */
export const sceneOnly = frame.scene > 0 && [...given.keys()].every((name) => name in frame);

// Hidden from the first paint on; they stay in the document, and their values in the query.
const rules = document.createElement("style");
rules.textContent = frame.hide.map((name) => `.eos-field-${name}{display:none!important}`).join("");
document.head.append(rules);
// So is the place of a scene, and its result until it is known whether that is to be predicted.
if (frame.scene) document.body.classList.add("eos-has-scene", "eos-waiting");
for (const [name, yes] of Object.entries(frame))
  if (typeof yes === "boolean") document.body.classList.toggle(`eos-${name}`, yes);

/** The part of a link that frames the page, as a query.
 * @param {Framing} framing
 * @returns {ByName<any>} */
export function framingOf({ scene, hide, present, lock, embed } = frame) {
  const pairs = {
    scene: scene || "",
    deck: scene ? frame.deck : "",
    hide: hide.join(","),
    present,
    lock,
    embed,
  };
  return Object.fromEntries(Object.entries(pairs).filter(([, value]) => value));
}

/** Where a link holds a deck of one's own. */
export const DECK_PART = "#deck=";

/** The deck that is one's own as it stands in a link, where it fits into one. */
export const ownDeck = { packed: "" };

/** What goes behind the link of a scene of one's own deck.
 * @type {(scene: number) => string} */
export const fragmentOf = (scene) => scene && ownDeck.packed ? `${DECK_PART}${ownDeck.packed}` : "";

// In an iframe whose sandbox takes its origin away, the page may not ask its own server for anything.
if (self.origin === "null") {
  const words =
    "eosdash cannot run here: the sandbox of this iframe needs allow-same-origin beside allow-scripts.";
  const tell = () => {
    const alert = Object.assign(document.createElement("p"), {
      className: "eos-sandboxed",
      textContent: words,
    });
    alert.setAttribute("role", "alert");
    document.body.prepend(alert);
  };
  if (document.body) tell();
  else document.addEventListener("DOMContentLoaded", tell);
}
