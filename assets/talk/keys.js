/* The keyboard: one table, which the help shows and which is acted on. */

import { $, listen } from "../base/dom.js";
import { fillDialog, openDialog } from "../app/dialogs.js";
import { frame } from "../app/frame.js";
import { closeMenus } from "../app/menus.js";
import { present } from "../app/present.js";
import { redo, undo } from "../app/undo.js";
import { fieldValue, setField } from "../app/values.js";
import { onward, openScene } from "./scenes.js";
import { showQr } from "./share.js";

const FINE = 1.01;
const COARSE = 1.1;
const SECOND = 1200; // ms for the letter after G
/** @type {(id: string) => () => void} */
const click = (id) => () => $(id)?.click();
const inDeck = () => document.body.classList.contains("eos-has-scene");

/** η by a factor, as it stands on the slider.
 * @type {(factor: number) => () => void} */
const turn = (factor) => () => {
  const lr = Number(fieldValue("lr"));
  if (lr > 0) setField("lr", Number((lr * factor).toPrecision(4)));
};

/** @type {(number: number) => void} */
const overlay = (number) => {
  /** @type {NodeListOf<HTMLElement>} */
  const switches = document.querySelectorAll(".eos-main [role=switch]");
  switches[number - 1]?.click();
};

/** @type {ByName<string>} */
const PAGES = { r: "run", b: "basin", s: "sweep", t: "theory", d: "scenes" };

/** @param {string} letter */
function page(letter) {
  const link = $(`nav-${PAGES[letter]}`);
  link?.dispatchEvent(new FocusEvent("focusin", { bubbles: true })); // it takes the network along
  setTimeout(() => link?.click());
}

/* "Shift+" only where the key is a letter: signs come out differently on other keyboards. */
/** @type {[string, [string[], string, (() => unknown) | null][]][]} */
// deno-fmt-ignore
const KEYS = [
  ["Scenes", [
    [["→", "Page down"], "next scene, while one is open", () => inDeck() && openScene(frame.scene + 1)],
    [["←", "Page up"], "scene before", () => inDeck() && openScene(frame.scene - 1)],
    [["Space"], "reveal, then the next scene", () => inDeck() && onward()],
  ]],
  ["Play", [
    [["K"], "play or pause; on a map, play η", () => ($("play") ?? $("play-eta"))?.click()],
    [["J"], "one step back", click("step-back")],
    [["L"], "one step forward", click("step-forward")],
    [["Shift+J"], "to the start", click("to-start")],
    [["Shift+L"], "to the end", click("to-end")],
  ]],
  ["Parameters", [
    [["U"], "η up by 1 %", turn(FINE)],
    [["D"], "η down by 1 %", turn(1 / FINE)],
    [["Shift+U"], "η up by 10 %", turn(COARSE)],
    [["Shift+D"], "η down by 10 %", turn(1 / COARSE)],
    [["R"], "run again from the same start", click("reset")],
    [["N"], "new seed", click("new-seed")],
    [["Ctrl+Z", "Z"], "undo a change", () => undo()],
    [["Ctrl+Shift+Z", "Ctrl+Y", "Shift+Z"], "redo it", () => redo()],
  ]],
  ["View", [
    [["1", "…", "9"], "switch what is laid over the figure", null],
    [["G, then R B S T D"], "go to run, basin, sweep, theory, deck", null],
    [["P"], "present mode", () => present()],
    [["C"], "controls in present mode", () => document.body.classList.toggle("eos-controls")],
    [["Q"], "QR code of what is shown", () => showQr()],
    [["?"], "this help", () => openDialog("help")],
    [["Escape"], "close what is open; leave present mode", null],
  ]],
];

/** @type {ByName<() => unknown>} */
const ACTIONS = Object.fromEntries(
  KEYS.flatMap(([, rows]) => rows).flatMap((
    [keys, , act],
  ) => (act ? keys.map((key) => [key, act]) : [])),
);

for (let number = 1; number <= 9; number++) ACTIONS[number] = () => overlay(number);

/** @type {ByName<string>} */
const NAMES = {
  ArrowRight: "→",
  ArrowLeft: "←",
  " ": "Space",
  PageDown: "Page down",
  PageUp: "Page up",
};

/** @param {KeyboardEvent} event */
function named({ key, ctrlKey, metaKey, shiftKey }) {
  if (NAMES[key]) return NAMES[key];
  if (key.length > 1 || !/[a-z]/i.test(key)) return key;
  const held = [ctrlKey || metaKey ? "Ctrl+" : "", shiftKey ? "Shift+" : ""];
  return held.join("") + key.toUpperCase();
}

const TYPING =
  "input:not([role=switch], [type=checkbox]), textarea, select, [contenteditable=true]";

const MOVING =
  "[role=slider], [role=application], [role=listbox], [role=radiogroup], [role=option]";

const PRESSED = "button, summary, a, [role=switch], [type=checkbox]";
/** @type {Element | null} */
let clicked = null; // what a pointer, not a key, pressed last
listen("focusin", () => (clicked = null), true);

listen(
  "click",
  ({ detail, target }) => detail && (clicked = target.closest?.(PRESSED)),
  true,
);

/** Whether the element that has the focus needs the key for itself.
 * @param {HTMLElement} target
 * @param {string} key */
function taken(target, key) {
  if (!target.closest || target === document.body) return false;
  if (target.closest(TYPING)) return true;
  if (NAMES[key] && target.closest(MOVING)) return true;
  return key === " " && Boolean(target.closest(PRESSED)) && !done(target);
}

/** Whether an element has had its press while a scene waits for Space: what was clicked, or an
 * option that is chosen. An open menu still closes by it.
 * @type {(target: HTMLElement) => boolean} */
const done = (target) =>
  inDeck() && !target.closest(".eos-menu[open]") &&
  (target === clicked || target.matches(".eos-option[aria-pressed=true]"));

let going = -Infinity; // when G was pressed

listen("keydown", (event) => {
  const { key, target, altKey, defaultPrevented, repeat } = event;
  if (key === "Escape" && closeMenus()) return;
  if (altKey || defaultPrevented || frame.embed) return;
  if (key === "Escape") return escape();
  if (document.querySelector("dialog[open]") || taken(target, key)) return;
  const name = named(event);
  if ((event.ctrlKey || event.metaKey) && !name.startsWith("Ctrl+")) return;
  const letter = key.toLowerCase();
  if (performance.now() - going < SECOND && PAGES[letter]) {
    going = -Infinity;
    return page(letter);
  }
  if (name === "G") return (going = performance.now());
  const act = ACTIONS[name];
  if (!act || (repeat && !name.match(/[UDJL]$/))) return;
  if (act() === false) return;
  event.preventDefault();
  if (key === " ") target.blur?.(); // or its release would press a button that was clicked
});

function escape() {
  if (document.querySelector("dialog[open]")) return; // it closes itself
  if (frame.present) present(false);
}

/** The table of the help. */
const keyTable = () =>
  KEYS.map(([title, rows]) => {
    const section = document.createElement("section");
    const heading = document.createElement("h3");
    heading.textContent = title;
    const list = document.createElement("dl");
    for (const [keys, words] of rows) {
      const dt = document.createElement("dt");
      keys.forEach((key) => {
        const part = document.createElement("kbd");
        part.textContent = key;
        dt.append(part);
      });
      const dd = document.createElement("dd");
      dd.textContent = words;
      list.append(dt, dd);
    }
    section.append(heading, list);
    return section;
  });

fillDialog("help", () => $("keys").replaceChildren(...keyTable()));
