/* A first tour in five steps: offered until it is taken or declined. */

import { $, listen, say } from "../base/dom.js";
import { memory } from "../base/memory.js";
import { visit } from "../app/dash.js";
import { frame } from "../app/frame.js";
import { currentPage } from "../app/pages.js";

const DONE = "toured";
const ROOM = 12; // px between what is shown and the card
const figure = () => $(`${currentPage().name}-figure`);

/** @type {[() => any, string, string][]} */
const STEPS = [
  [
    figure,
    "The picture",
    "Above all stands what you see, in a sentence. On a run that is the loss, and below it the sharpness with the threshold 2/η: past that line a step overshoots.",
  ],
  [
    () => document.querySelector(".eos-field-lr"),
    "Turn the learning rate",
    "Drag η, and the picture follows your hand. η_C is marked on the slider: past it no global minimizer is stable.",
  ],
  [
    () => document.querySelector(".eos-events:not(:empty)") ?? document.querySelector(".eos-line"),
    "What became of it",
    "The outcome, and the events on the way. An event takes you to its step; underlined words explain themselves.",
  ],
  [
    () => document.querySelector("header nav"),
    "Four pages, one network",
    "The same network and the same η: one run, the basin of all starts, a sweep over η, and the theory.",
  ],
  [
    () => document.querySelector(".eos-actions"),
    "Talk about it",
    "Scenes is a ready-made talk. Share gives links, files and a QR code, Present fits a projector, and ? lists all keys.",
  ],
];

let at = -1;
/** @type {any} */
let returnTo = null; // what had the focus before the tour
let wanted = false; // asked for on a page without a picture

/** @param {number} step */
function show(step) {
  if (at < 0) returnTo = document.activeElement;
  at = step;
  const card = $("tour");
  document.querySelector(".eos-toured")?.classList.remove("eos-toured");
  if (step < 0 || step >= STEPS.length) {
    card.classList.add("eos-hidden");
    at = -1;
    (returnTo?.isConnected ? returnTo : $("help-open")).focus();
    return done();
  }
  const [find, title, words] = STEPS[step];
  const target = find() ?? document.body;
  $("tour-title").textContent = title;
  say("tour-words", words);
  $("tour-count").textContent = `${step + 1} of ${STEPS.length}`;
  $("tour-next").textContent = step + 1 < STEPS.length ? "Next" : "Done";
  card.classList.remove("eos-hidden");
  target.classList.add("eos-toured");
  target.scrollIntoView({ block: "nearest" });
  place(card, target.getBoundingClientRect());
  card.focus();
}

/** Beside the target where there is room, otherwise over its lower part.
 * @param {HTMLElement} card
 * @param {DOMRect} box */
function place(card, box) {
  const { width, height } = card.getBoundingClientRect();
  /** @type {(left: number, top: number) => boolean} */
  const fits = (left, top) =>
    left >= 0 && top >= 0 && left + width <= innerWidth && top + height <= innerHeight;
  /** @type {[number, number][]} */
  const places = [
    [box.right + ROOM, box.top],
    [box.left, box.bottom + ROOM],
    [box.left, box.top - height - ROOM],
    [box.right - width, box.bottom + ROOM],
    [box.left + ROOM, box.bottom - height - ROOM],
  ];
  const [left, top] = places.find((place) => fits(...place)) ?? [
    (innerWidth - width) / 2,
    innerHeight - height - ROOM,
  ];
  Object.assign(card.style, { left: `${left}px`, top: `${top}px` });
}

function done() {
  memory.set(DONE, "yes");
  offerTour();
}

/** The offer stands until the tour was taken or declined, and never in a talk. */
export function offerTour() {
  const { scene, present, embed } = frame;
  const offered = !memory.get(DONE) && !scene && !present && !embed && figure() &&
    currentPage().api;
  $("tour-offer")?.classList.toggle("eos-hidden", !offered);
  if (!wanted || !currentPage().api) return;
  wanted = false;
  show(0);
}

listen("click", ({ target }) => {
  const id = target.closest?.("button")?.id;
  if (id === "tour-start") show(0);
  else if (id === "tour-again") {
    $("help").close();
    if (currentPage().api) show(0);
    else {
      wanted = true;
      visit("/");
    }
  } else if (id === "tour-next") show(at + 1);
  else if (id === "tour-end") show(-1);
  else if (id === "tour-decline") done();
});

listen(
  "keydown",
  ({ key }) => key === "Escape" && at >= 0 && at < STEPS.length && show(-1),
);
