/* How a link frames the page: scene, present mode, hidden and locked controls, embed. */

const SWITCHES = ["present", "lock", "embed"];
const on = (text) => ["true", "1", "yes", "on", "t", "y"].includes(text?.toLowerCase());
const given = new URLSearchParams(location.search);

export const frame = {
  scene: /^[0-9]{1,3}$/.test(given.get("scene")) ? Number(given.get("scene")) : 0,
  deck: /^([0-9a-f]{12}|\/(?!\/)\S{1,199})$/.test(given.get("deck")) ? given.get("deck") : "",
  hide: (given.get("hide") ?? "").split(",").filter((name) => /^[a-z_]+$/.test(name)),
  ...Object.fromEntries(SWITCHES.map((name) => [name, on(given.get(name))])),
};

/** Whether the link names a scene and nothing else. */
export const sceneOnly = frame.scene > 0 && [...given.keys()].every((name) => name in frame);

// Hidden from the first paint on; they stay in the document, and their values in the query.
const rules = document.createElement("style");
rules.textContent = frame.hide.map((name) => `.eos-field-${name}{display:none!important}`).join("");
document.head.append(rules);
// So is the place of a scene, and its result until it is known whether that is to be predicted.
if (frame.scene) document.body.classList.add("eos-has-scene", "eos-waiting");
for (const name of SWITCHES) document.body.classList.toggle(`eos-${name}`, frame[name]);

/** The part of a link that frames the page, as a query. */
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

/** What goes behind the link of a scene of one's own deck. */
export const fragmentOf = (scene) => scene && ownDeck.packed ? `${DECK_PART}${ownDeck.packed}` : "";

// In an iframe whose sandbox takes its origin away, the page may not ask its own server for anything.
if (self.origin === "null") {
  const words =
    "eosdash cannot run here: the sandbox of this iframe needs allow-same-origin beside allow-scripts.";
  const tell = () => {
    const said = Object.assign(document.createElement("p"), {
      className: "eos-sandboxed",
      textContent: words,
    });
    said.setAttribute("role", "alert");
    document.body.prepend(said);
  };
  if (document.body) tell();
  else document.addEventListener("DOMContentLoaded", tell);
}
