/* The deck: its cards, the scene that stands beside the page, and predict before reveal. */

import { $, announce, base, listen, say, toast } from "../base/dom.js";
import { rich } from "../base/text.js";
import { visit } from "../app/dash.js";
import { fragmentOf, frame, framingOf, sceneOnly } from "../app/frame.js";
import { showAddress } from "../app/link.js";
import { currentPage, registerPage } from "../app/pages.js";
import { present } from "../app/present.js";
import { forgetChanges } from "../app/undo.js";
import { setState, settled } from "../app/values.js";
import { decks, loadDeck } from "./deck.js";
import { closeScene, sceneState } from "./scene.js";

registerPage({ name: "scenes", draw() {}, shown: () => null, files: [] });

/** Open a scene by its number, from 1; the one that is open stays at either end of the deck.
 * @param {number} number */
export async function openScene(number) {
  const { scenes } = await loadDeck();
  if (!(number >= 1 && number <= scenes.length)) return;
  frame.scene = number;
  show(scenes);
  await settled();
  if (frame.scene !== number) return; // stepped on meanwhile
  const { href, page } = scenes[number - 1];
  const { name, shown, fresh } = currentPage();
  if (name !== page || !shown()?.start || frame.lock)
    return visit(`${base()}${href}&${new URLSearchParams(framingOf())}`);
  fresh?.(); // on the same page the picture only changes
  forgetChanges();
  setState(new URL(href, location.href).search);
  showAddress();
}

/** @type {(tag: string, words: string, className?: string) => any} */
const element = (tag, words, className = "") =>
  Object.assign(document.createElement(tag), { textContent: words, className });

/** The words of the open scene, and what is to be predicted.
 * @param {Scene[]} scenes */
function show(scenes) {
  const scene = scenes[frame.scene - 1];
  sceneState.picked = null;
  sceneState.revealed = !scene.question;
  $("scene-number").textContent = `Scene ${frame.scene} of ${scenes.length}`;
  say("scene-title", scene.title);
  say("scene-text", scene.text);
  say("scene-look", scene.look);
  for (const id of ["scene-question", "predict-question"]) say(id, scene.question ?? "");
  for (const id of ["scene-options", "predict-options"]) options($(id), scene);
  $("scene-back").disabled = frame.scene === 1;
  $("scene-next").disabled = frame.scene === scenes.length;
  sceneState.shown = true;
  document.body.classList.remove("eos-waiting");
  document.body.classList.add("eos-has-scene");
  document.body.classList.toggle("eos-secret", !sceneState.revealed);
  $("scene").scrollTop = 0;
  window.scrollTo(0, 0); // a card may have been far down the list
}

/** A button for each option; pressed is the one that the room chose.
 * @param {HTMLElement} list
 * @param {Scene} scene */
function options(list, scene) {
  const buttons = scene.options.map((words, i) => {
    const button = element("button", "", "eos-option");
    button.append(element("b", "ABCDEF"[i]), ...rich(words));
    button.setAttribute("aria-pressed", "false");
    button.onclick = () => pick(i);
    return button;
  });
  list.replaceChildren(...buttons);
}

/** @param {number} i */
function pick(i) {
  sceneState.picked = i;
  markOptions();
}

function markOptions() {
  const scene = sceneState.deck?.scenes[frame.scene - 1];
  for (const id of ["scene-options", "predict-options"])
    [...$(id).children].forEach((button, i) => {
      button.setAttribute("aria-pressed", String(i === sceneState.picked));
      button.classList.toggle("eos-right", sceneState.revealed && i + 1 === scene?.answer);
    });
}

/** Show what was hidden, and which option was right. */
export function reveal() {
  if (sceneState.revealed) return;
  sceneState.revealed = true;
  document.body.classList.remove("eos-secret");
  markOptions();
  const { options: words, answer } = sceneState.deck?.scenes[frame.scene - 1] ?? { options: [] };
  const right = answer ? `Right is ${"ABCDEF"[answer - 1]}: ${words[answer - 1]}. ` : "";
  announce(`${right}${$("summary")?.textContent ?? ""}`);
}

/** On: reveal what is hidden, otherwise the next scene. */
export const onward = () => (sceneState.revealed ? openScene(frame.scene + 1) : reveal());

/* The page of scenes */

/**
 * @param {Scene} scene
 * @param {number} i
 */
function card(scene, i) {
  const link = element("a", "", "eos-card");
  const framing = new URLSearchParams(framingOf({ ...frame, scene: i + 1 }));
  link.href = `${base()}${scene.href}&${framing}${fragmentOf(i + 1)}`;
  link.onclick = (/** @type {MouseEvent} */ event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    openScene(i + 1);
  };
  const about = element(
    "span",
    `${scene.page}${scene.question ? " · predict, then reveal" : ""}`,
    "eos-card-page",
  );
  link.append(element("b", String(i + 1)), element("h2", ""), element("p", ""), about);
  link.querySelector("h2").append(...rich(scene.title, false));
  // Where there is a question the text gives it away.
  link.querySelector("p").append(...rich(scene.question ?? scene.text, false));
  const item = document.createElement("li");
  item.append(link);
  return item;
}

async function cards() {
  const { title, scenes } = await loadDeck();
  if (!$("deck")) return;
  say("deck-title", title);
  $("deck").replaceChildren(...scenes.map(card));
  for (const id of ["deck-default", "deck-save"])
    $(id).classList.toggle("eos-hidden", !sceneState.own);
  say("deck-travels", decks.travels());
}

/** @param {File} file */
async function upload(file) {
  try {
    const { scenes } = await decks.open(file);
    say("deck-problem", "");
    toast(`${scenes.length} scenes`);
    cards();
  } catch (problem) {
    const { message } = /** @type {Error} */ (problem);
    say("deck-problem", `${file.name}, ${message}`);
  }
}

function choose() {
  const input = Object.assign(document.createElement("input"), {
    type: "file",
    accept: ".yaml,.yml",
  });
  input.onchange = () => input.files?.[0] && upload(input.files[0]);
  input.click();
}

/** @type {ByName<() => unknown>} */
const BUTTONS = {
  "scene-back": () => openScene(frame.scene - 1),
  "scene-next": () => openScene(frame.scene + 1),
  "scene-close": closeScene,
  "scene-present": () => present(),
  "predict-reveal": reveal,
  "deck-first": () => openScene(1),
  "deck-open": choose,
  "deck-save": decks.save,
  "deck-default"() {
    decks.leave();
    cards();
  },
};

listen("click", ({ target }) => {
  const button = target.closest?.("button");
  if (button && BUTTONS[button.id]) BUTTONS[button.id]();
});

/** A link names a scene that the deck does not have.
 * @param {number} number
 * @param {Scene[]} scenes */
function missing(number, scenes) {
  closeScene();
  const words = `There is no scene ${number}: this deck has the scenes 1 to ${scenes.length}.`;
  for (const id of ["problem", "deck-problem"])
    say(id, `${words} ${$(id)?.textContent ?? ""}`.trim());
}

/** When a page has been laid out: its scene, if the link names one, or the cards of the deck. */
export async function sceneShows() {
  if ($("deck")) cards();
  if (!frame.scene || !$("scene") || sceneState.shown) return;
  const { scenes } = await loadDeck();
  if (!frame.scene) return; // its deck is not there
  if (frame.scene > scenes.length) return missing(frame.scene, scenes);
  if (!sceneOnly) return show(scenes);
  const { href } = scenes[frame.scene - 1];
  // Dash is not ready to be told.
  location.replace(`${base()}${href}&${new URLSearchParams(framingOf())}${location.hash}`);
}
