/* The page of sweeps: fills in its columns, follows the cursor of η, and runs what it points at. */

import { $, base, say } from "../base/dom.js";
import { drawing } from "../base/drawing.js";
import { duration, origin } from "../base/format.js";
import { percent } from "../base/percent.js";
import { toSearch } from "../base/query.js";
import { readStream } from "../base/stream.js";
import { marked } from "../base/text.js";
import { context, setProps } from "../app/dash.js";
import { drawFigure, superseded } from "../app/figure.js";
import { watchHand } from "../app/hand.js";
import { registerPage } from "../app/pages.js";
import { networkOf } from "../app/rules.js";
import { scheme } from "../app/scheme.js";
import { allTemplates } from "../app/templates.js";
import { fieldValue, setField } from "../app/values.js";
import { drawMini } from "../run/figure.js";
import { Run } from "../run/record.js";
import { showCobweb } from "./cobweb.js";
import { sweepFigure } from "./figure.js";
import { Sweep } from "./record.js";

/** What is asked for, what is shown, also though another is asked for, the ranges before, and the run
 * of the cursor.
 * @type {{
 *   asked: Sweep | null, sweep: Sweep | null, old: Sweep | null, back: any[][], run: Run | null
 * }} */
export const sweepState = { asked: null, sweep: null, old: null, back: [], run: null };

/** @type {Page<Sweep>} */
const page = {
  name: "sweep",
  api: "/api/sweep",
  computing: "Filling in the columns …",
  said: ["cursor-words", "sweep-readout", "cobweb-words"],
  cursor: "lr",
  files: ["npz"],
  Result: Sweep,
  shown: () => sweepState.asked ?? sweepState.sweep,
  fresh: () => void (sweepState.back = []),
  draw: () => drawSweep(),
  moved,
  picture() {
    const { data, layout } = $("sweep-figure");
    return { data, layout, width: 1200, height: 1100, filename: "eosdash-sweep" };
  },

  began(sweep) {
    sweepState.asked = sweep;
  },

  headed(sweep) {
    abort?.abort();
    sweep.start.outcomes.forEach((
      /** @type {string} */ outcome,
    ) => ($(`share-${outcome}`).textContent = ""));
    for (const id of ["mini-figure", "cobweb-figure"]) superseded($(id), true);
    sweepState.old = sweepState.sweep === sweep ? null : sweepState.sweep;
    superseded($("sweep-figure"), sweepState.old);
  },

  grew(sweep) {
    const done = sweep.known.length / sweep.start.value.length;
    $("progress").style.width = sweep.end ? "0" : `${100 * done}%`;
    if (!sweep.end && performance.now() - sweep.began > 100)
      say("status", `${percent(done)} of the columns`);
    if (sweep.known.length < Math.min(2, sweep.start.value.length)) return;
    sweepState.sweep = sweep;
    drawSweep();
  },

  ended(sweep) {
    sweepState.sweep = sweep;
    say("summary", marked(sweep.end, "summary"));
    say("status", `${origin(sweep)} · ${duration(sweep)}`);
    drawSweep();
    moved();
  },
};
registerPage(page);

async function drawNow() {
  const figure = $("sweep-figure");
  const { sweep } = sweepState;
  if (!figure || !sweep) return;
  if (!window.Plotly || !allTemplates()?.light.sweep) {
    setTimeout(drawSweep, 20);
    return;
  }
  const template = allTemplates()[scheme()].sweep;
  const drawn = sweep.known.length;
  const config = { displayModeBar: false, doubleClick: false };
  await drawFigure(figure, ...(await sweepFigure(template, sweep, figure)), config);
  if (!figure.isConnected) return;
  if (!figure.listening)
    figure.on("plotly_relayout", (/** @type {Line} */ change) => "width" in change && drawSweep());
  watchHand(figure, { at: xOf, hover, click: pointAt, zoom });
  sweep.drawn = drawn;
  superseded(figure, sweep === sweepState.old);
  document.body.classList.add("eos-drawn");
  figure.setAttribute("role", "img");
  figure.setAttribute("aria-label", sweep.end?.summary ?? "The sweep is being computed.");
}

const drawSweep = drawing(drawNow);

/* The hand on the figure */

/** Place on the axis from the shares of width and height.
 * @param {any} figure
 * @param {number[]} shares */
function xOf({ layout }, [share]) {
  const [low, high] = layout.xaxis.range;
  const x = low + share * (high - low);
  return layout.xaxis.type === "log" ? 10 ** x : x;
}

/** @type {(x: number) => unknown} */
const hover = (x) =>
  sweepState.sweep && say("sweep-readout", sweepState.sweep.reading(sweepState.sweep.nearest(x)));

/** @param {Line} layout */
function zoom({ xaxis }) {
  const [low, high] = xaxis.range.map((
    /** @type {number} */ end,
  ) => (xaxis.type === "log" ? 10 ** end : end));
  const places = Math.min(12, 3 - Math.floor(Math.log10(high - low)));
  sweepState.back.push([fieldValue("low"), fieldValue("high"), fieldValue("rates") ?? ""]);
  const ends = [low, high].map((end) => Math.max(1e-6, Number(end.toFixed(Math.max(3, places)))));
  setField("rates", "");
  setField("low", ends[0]);
  setField("high", ends[1]);
}

/** @type {ByName<() => void>} */
const BUTTONS = {
  "sweep-back": () => {
    const before = sweepState.back.pop();
    if (before) ["low", "high", "rates"].forEach((name, i) => setField(name, before[i]));
  },
  "sweep-home": () => {
    if (!sweepState.back.length) return;
    sweepState.back = [sweepState.back[0]];
    BUTTONS["sweep-back"]();
  },
};

/* The cursor */

/** @param {number} x */
function pointAt(x) {
  const { sweep } = sweepState;
  if (!sweep) return;
  if (sweep.isOverLr) setField("lr", Number(sweep.start.rates[sweep.nearest(x)].toPrecision(5)));
  else openSize(sweep, sweep.nearest(x));
}

/** @type {(more: ByName<any>) => URLSearchParams} */
const networkQuery = (more) =>
  new URLSearchParams({ ...networkOf(sweepState.sweep?.start.query), ...more });

/**
 * @param {Sweep} sweep
 * @param {number} column
 */
function openSize(sweep, column) {
  const { over } = sweep.start.params;
  const size = { [over]: sweep.start.value[column], lr: sweep.start.rates[column] };
  run(networkQuery({ ...size, init: "gaussian", steps: sweep.start.params.steps }));
  say("cursor-words", sweep.reading(column));
  shares(sweep, column);
}

/**
 * @param {Sweep} sweep
 * @param {number} column
 */
function shares(sweep, column) {
  sweep.start.outcomes.forEach((/** @type {string} */ outcome, /** @type {number} */ code) => {
    const share = sweep.columns.counts[column][code] / sweep.start.params.starts;
    $(`share-${outcome}`).textContent = percent(share);
  });
}

/** @type {Timer | undefined} */
let settled;

/** The cursor stands somewhere else. */
function moved() {
  const { sweep } = sweepState;
  if (!sweep || !$("sweep-figure")) return;
  drawSweep();
  const lr = Number(fieldValue("lr"));
  const x = sweep.position(lr);
  if (x !== null) {
    const column = sweep.nearest(x);
    say("cursor-words", sweep.reading(column, lr));
    shares(sweep, column);
  } else
    say(
      "cursor-words",
      sweep.isOverLr ? "The cursor η is beside this sweep." : "Click a column to run its network.",
    );
  clearTimeout(settled);
  settled = setTimeout(() => {
    if (!$("sweep-figure")) return; // the page was left meanwhile
    if (sweep.isOverLr)
      run(networkQuery({ lr, steps: Math.min(1500, sweep.start.params.steps) }));
    showCobweb(sweep.start, lr);
  }, 60);
}

/** @type {AbortController | null} */
let abort = null;

/** @param {URLSearchParams} query */
async function run(query) {
  abort?.abort();
  const { signal } = (abort = new AbortController());
  const search = toSearch(query);
  const made = new Run(search);
  try {
    await readStream(`/api/train?${search}`, signal, (record) => made.take(record));
  } catch {
    return;
  }
  if (signal.aborted || !$("mini-figure")) return;
  sweepState.run = made;
  setProps("open-run", { href: `${base()}/?${search}` });
  const basin = new URLSearchParams(query);
  basin.delete("steps");
  setProps("open-basin", { href: `${base()}/basin?${toSearch(basin)}` });
  await drawMini("mini-figure", made);
  superseded($("mini-figure"), false);
}

export const callbacks = {
  sweepButton() {
    const name = context().triggered_id;
    if (name && sweepState.sweep) BUTTONS[name]();
  },
};
