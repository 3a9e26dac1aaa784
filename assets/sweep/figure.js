/* The figure of a sweep. */

import { imageBelow } from "../base/paint.js";
import { percent } from "../base/percent.js";
import { pngAddress } from "../base/png.js";
import { frame } from "../app/frame.js";
import { scheme } from "../app/scheme.js";
import { fieldValue } from "../app/values.js";
import { BANDS } from "./record.js";

/** @import { Sweep } from "./record.js" */

const ROWS = ["orbit", "exponent", "fraction", "edge", "grad_norm"];

/** @type {ByName<ByName<number[]>>} */
const DOMAINS = {
  lr: {
    orbit: [0.7, 1],
    exponent: [0.53, 0.64],
    fraction: [0.31, 0.47],
    edge: [0.155, 0.25],
    grad_norm: [0, 0.095],
  },
  size: { fraction: [0.66, 1], edge: [0.34, 0.58], grad_norm: [0, 0.26] },
  low: { orbit: [0.64, 1], exponent: [0.35, 0.5], fraction: [0, 0.21] },
  embed: { orbit: [0.5, 1], fraction: [0, 0.36] },
};

const LOW = 640; // px below which five rows are too many
const NARROW = 520; // px below which titles lose what does not fit
const PRESENTED = 1.54; // text is larger by that
const TICK = 26; // px that a label of a tick takes

/** Which rows are shown, and where.
 * @param {Sweep} sweep
 * @param {Element} box */
function domainsOf(sweep, { clientHeight }) {
  if (!sweep.isOverLr) return DOMAINS.size;
  if (frame.embed) return DOMAINS.embed;
  return DOMAINS[clientHeight < LOW ? "low" : "lr"];
}

const NOWHERE = [0.999, 1]; // the place of a row that is not shown

/** @type {ByName<string>} */
const TITLES = {
  exponent: "<b>largest Lyapunov exponent</b> of the orbit, nats a step",
  fraction: "<b>probability of convergence</b>, and the other fates",
  edge: "<b>how close to the edge</b>: final sharpness · η / 2, median and 10–90 %",
  grad_norm: "<b>gradient norm at the end</b>, median and 10–90 %",
};

const BINS = 420; // pixels of the orbit diagram upwards
const PLACES = 241; // of an orbit diagram over given learning rates
const INK = 70; // how dark one visit is, of 255

/** Data and layout of the figure of a sweep, for the box that it is drawn in.
 * @type {(template: Template, sweep: Sweep, box: Element) => Promise<[Line[], Line]>} */
export const sweepFigure = async (
  template,
  sweep,
  box,
) => [dataOf(template, sweep), await layoutOf(template, sweep, box)];

/**
 * @param {Template} template
 * @param {Sweep} sweep
 */
function dataOf(template, sweep) {
  const { columns, start } = sweep;
  const alone = new Set(start.value).size === 1; // a line of one point nobody would see
  const there = alone ? [sweep.known[0], sweep.known[0]] : sweep.known;
  const x = alone ? sweep.ends : there.map((i) => start.value[i]);
  /** @param {any[]} values */
  const pick = (values) => there.map((i) => values[i]);
  const total = start.params.starts;
  const ends = [x[0], x[x.length - 1]];
  /** @type {ByName<[number[], any[]]>} */
  const filled = {};
  if (sweep.isOverLr) {
    filled.exponent = [x, pick(columns.exponent)];
    filled.zero = [ends, [0, 0]];
  }
  start.outcomes.forEach((/** @type {string} */ outcome, /** @type {number} */ code) => {
    filled[`fraction.${outcome}`] = [x, there.map((i) => columns.counts[i][code] / total)];
  });
  ["low", "high"].forEach((end, q) => {
    filled[`interval.${end}`] = [x, pick(columns.interval[q])];
  });
  for (const name of BANDS)
    ["low", "", "high"].forEach((part, q) => {
      filled[part ? `${name}.${part}` : name] = [x, pick(columns[name][q])];
    });
  filled.one = [ends, [1, 1]];
  const data = template.data.filter((trace) => filled[trace.meta]);
  /** @type {(trace: Line, y: number[]) => Line} */
  const told = (trace, y) => (trace.customdata ? { customdata: y.map(percent) } : {});
  return data.map((trace) => {
    const [x, y] = filled[trace.meta];
    return { ...trace, x, y, ...told(trace, y) };
  });
}

/** @param {Line} start */
function axisTitle({ params: { over, units }, unit }) {
  if (over !== "lr") return over;
  if (units !== "relative") return "learning rate η";
  return unit.symbol === "η_C"
    ? "learning rate η / η<sub>C</sub>"
    : `learning rate η in units of ${unit.symbol}`;
}

/**
 * @param {Template} template
 * @param {Sweep} sweep
 * @param {Element} box
 */
async function layoutOf(template, sweep, box) {
  const { start } = sweep;
  const { params } = start;
  const domains = domainsOf(sweep, box);
  const larger = frame.present ? PRESENTED : 1;
  const narrow = box.clientWidth < larger * NARROW;
  const { accent, muted } = template.layout.meta;
  const log = sweep.isOverLr && params.spacing === "log" && !params.rates;
  const coarse = matchMedia("(pointer: coarse)").matches;
  /** @type {Line} */
  const layout = {
    ...template.layout,
    dragmode: coarse ? false : "zoom",
    xaxis: {
      ...template.layout.xaxis,
      type: log ? "log" : "linear",
      range: sweep.ends.map((end) => (log ? Math.log10(end) : end)),
      title: { ...template.layout.xaxis.title, text: axisTitle(start) },
      ...("grad_norm" in domains ? {} : { anchor: "y3" }),
      fixedrange: coarse || !sweep.isOverLr,
    },
    annotations: [],
    images: [],
    shapes: [],
  };
  ROWS.forEach((row, i) => {
    const name = i ? `yaxis${i + 1}` : "yaxis";
    const shown = row in domains;
    layout[name] = { ...template.layout[name], domain: domains[row] ?? NOWHERE, visible: shown };
    if (shown) {
      const height = box.clientHeight * (domains[row][1] - domains[row][0]);
      layout[name].nticks = Math.min(
        layout[name].nticks,
        Math.max(2, Math.floor(height / (larger * TICK))),
      );
      const whole = row === "orbit"
        ? `<b>orbit</b>: values of ${start.observable} after the transient`
        : TITLES[row];
      const text = narrow ? whole.replace(/<\/b>.*/, "</b>") : whole;
      layout.annotations.push(note(text, 0, domains[row][1], "left", "bottom", muted));
    }
  });
  layout.yaxis4.range = [0, 1.3];
  if (sweep.isOverLr) await addOrbit(layout, sweep);
  const critical = sweep.position(start.critical_lr?.value); // none where the network is not linear
  if (critical !== null) {
    layout.shapes.push(vertical(critical, accent, "dash"));
    layout.annotations.push({
      ...note("<b>η<sub>C</sub></b>", critical, 1, "left", "top", accent),
      xref: "x",
    });
  }
  const cursor = sweep.position(Number(fieldValue("lr")));
  if (cursor !== null) layout.shapes.push(vertical(cursor, accent, "solid"));
  return layout;
}

/** @type {(text: string, x: number, y: number, xanchor: string, yanchor: string, color: string) => Line} */
const note = (text, x, y, xanchor, yanchor, color) => ({
  text,
  x,
  y,
  xanchor,
  yanchor,
  xref: "paper",
  yref: "paper",
  showarrow: false,
  font: { size: 13, color },
});

/** @type {(x: number, color: string, dash: string) => Line} */
const vertical = (x, color, dash) => ({
  type: "line",
  x0: x,
  x1: x,
  y0: 0,
  y1: 1,
  yref: "paper",
  line: { color, width: 1.5, dash },
});

/** @type {{ painted: unknown[], url: string } | null} */
let picture = null; // of the orbit diagram, and what it was painted from

/** The orbit diagram as a picture: how often each value is visited, a column each.
 * @param {Line} layout
 * @param {Sweep} sweep */
async function addOrbit(layout, sweep) {
  const visits = evenly(sweep);
  const all = visits.flatMap((values) => values ?? []).filter((value) => Number.isFinite(value))
    .sort((a, b) => a - b);
  if (!all.length) return;
  const [low, high] = [
    all[Math.floor(0.002 * all.length)],
    all[Math.ceil(0.998 * (all.length - 1))],
  ];
  const room = 0.06 * (high - low || Math.abs(high) || 1);
  const range = [low - room, high + room];
  layout.yaxis.range = range;
  const painted = [sweep, sweep.columns.visits.filter(Boolean).length, scheme()];
  if (!picture || picture.painted.some((part, i) => part !== painted[i]))
    picture = { painted, url: await paint(visits, range, layout.meta.ink) };
  const [first, last] = layout.xaxis.range;
  const step = (last - first) / (visits.length - 1);
  layout.images.push(imageBelow(picture.url, {
    x: first - step / 2,
    y: range[1],
    sizex: last - first + step,
    sizey: range[1] - range[0],
  }));
}

/** Visits at places that are equally far apart, as a picture has them: learning rates that are
 * given one by one need not be.
 * @param {Sweep} sweep
 * @returns {(number[] | null)[]} */
function evenly(sweep) {
  const { visits } = sweep.columns;
  if (!sweep.start.params.rates) return visits;
  const [low, high] = sweep.ends;
  /** @param {number} i */
  const place = (i) => low + ((high - low) * i) / (PLACES - 1);
  return Array.from({ length: PLACES }, (_, i) => visits[sweep.nearest(place(i))]);
}

/**
 * @param {(number[] | null)[]} visits
 * @param {number[]} range
 * @param {string} ink
 */
function paint(visits, [low, high], ink) {
  const pixels = new Uint8ClampedArray(4 * visits.length * BINS);
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(ink.slice(at, at + 2), 16));
  /** @type {number[] | null} */
  let before = null; // columns that are not there yet look like their neighbour on the left
  visits.forEach((values, column) => {
    before = values ?? before;
    for (const value of before ?? []) {
      const row = Math.round(((high - value) / (high - low)) * (BINS - 1));
      for (let near = row - 1; near <= row + 1; near++) {
        if (!(near >= 0 && near < BINS)) continue;
        const at = 4 * (near * visits.length + column);
        pixels.set([red, green, blue, pixels[at + 3] + INK], at);
      }
    }
  });
  return pngAddress(pixels, visits.length, BINS);
}
