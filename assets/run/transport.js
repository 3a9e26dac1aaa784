/* Play, pause, step, scrub, on what was computed; and pinned runs. */

import { $, listen, say, toast } from "../base/dom.js";
import { ofEdge, short } from "../base/format.js";
import { toSearch } from "../base/query.js";
import { rich } from "../base/text.js";
import { context, setProps } from "../app/dash.js";
import { drawRun, runState, stepShown } from "./state.js";

const PACE = 60; // steps a second at ×1

/* Two keys that follow each other fast come as one callback. */
const triggered = () =>
  context().triggered.map(({ prop_id }) => prop_id.split(".")[0])
    .filter(Boolean);

let speed = 1;
let playing = null;
let scrubbed = null; // what the slider was last told
let hand = false; // whether the slider is held, so that its echo is not taken for a hand

for (const kind of ["pointerdown", "keydown"])
  listen(
    kind,
    ({ target }) => (hand = Boolean(target.closest?.("#scrub"))),
    true,
  );

/** Show another step. */
export function seek(step) {
  const { current } = runState;
  if (!current?.count) return;
  const last = current.count - 1;
  runState.cursor = step >= last ? null : Math.max(0, Math.round(step));
  drawRun();
}

/** Stop playing the run. */
export function stopReplay() {
  if (playing) cancelAnimationFrame(playing);
  playing = null;
  face();
}

function play() {
  let at = runState.cursor ?? 0;
  let before = performance.now();
  seek(at);
  const frame = (now) => {
    at += ((now - before) / 1000) * PACE * speed;
    before = now;
    seek(Math.floor(at));
    if (runState.cursor === null) stopReplay();
    else playing = requestAnimationFrame(frame);
  };
  playing = requestAnimationFrame(frame);
  face();
}

function face() {
  const button = $("play");
  if (!button) return;
  button.classList.toggle("eos-playing", playing !== null);
  button.setAttribute("aria-label", playing === null ? "Play" : "Pause");
}

/** Slider and read-out follow the state. */
export function transportShows() {
  const { current } = runState;
  const step = stepShown(runState);
  const last = current.count - 1;
  if (scrubbed?.last !== last || scrubbed?.step !== step) {
    scrubbed = { step, last };
    setProps("scrub", { value: step, max: Math.max(1, last) });
  }
  const { loss, sharpness, lr } = current.columns;
  const total = (current.end ? last : current.start.params.steps - 1).toLocaleString("en");
  const { factor, words } = current.start.edge;
  const edge = (sharpness[step] * lr[step]) / factor;
  say(
    "readout",
    `step ${step.toLocaleString("en")} / ${total} · loss ${short(loss[step])} · ` +
      `sharpness ${short(sharpness[step])} = ${ofEdge(edge)} · ${words}`,
  );
}

function pinRow(i) {
  const run = runState.pins[i];
  const row = $(`pin-${i}`);
  row.classList.toggle("eos-hidden", !run);
  if (!run) return;
  const open = document.createElement("a");
  open.replaceChildren(...rich(run.start.setup.replace(/\.$/, "")));
  open.href = `?${toSearch(run.start.query)}`;
  const remove = document.createElement("button");
  remove.textContent = "✕";
  remove.setAttribute("aria-label", `Unpin run ${i + 1}`);
  remove.onclick = () => setPin(i, null);
  row.replaceChildren(open, remove);
}

function setPin(i, run) {
  runState.pins[i] = run;
  pinRow(i);
  const some = runState.pins.some(Boolean);
  $("no-pins").classList.toggle("eos-hidden", some);
  drawRun();
}

const step = (by) => seek(stepShown(runState) + by);

const KEYS = {
  "to-start": () => seek(0),
  "step-back": () => step(-1),
  "step-forward": () => step(1),
  "to-end": () => seek(Infinity),
};

export const callbacks = {
  transport() {
    if (!runState.current?.count) return;
    for (const key of triggered()) {
      const wasPlaying = playing !== null;
      stopReplay();
      if (key === "play" && !wasPlaying) play();
      KEYS[key]?.();
    }
  },

  scrub(value) {
    if (!hand || !scrubbed || value === scrubbed.step) return;
    stopReplay();
    scrubbed.step = value;
    seek(value);
  },

  speed(value) {
    speed = Number(value);
  },

  pin() {
    const { current, pins } = runState;
    if (!triggered().length || !current?.end) return;
    const free = pins.indexOf(null);
    if (free < 0) toast("Four runs are pinned: unpin one first.");
    else setPin(free, current);
  },
};
