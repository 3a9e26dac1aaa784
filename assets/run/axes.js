/* The axes of a run's rows: how far each reaches, what they cut off, and that it is said. */

import { digits } from "../base/format.js";
import { thresholds } from "./state.js";
/** @import { Run } from "./record.js" */
/** @typedef {{
 *   range: number[], autorange: boolean, type: string, dtick?: number, top: number, empty?: boolean,
 *   cut?: { x: number[], most: number }
 * }} Axis */
/** @import { Shown } from "./state.js" */

const LINEAR_CLIP = 4; // times 2/η, or the sharpness at the start if that is more
const LOG_CLIP = 1000; // times the first value
const LOG_FROM = 20; // times 2/η: from there on a line at 2/η lies on the axis
const LEAST_LOSS = 1e-32; // below that all is rounding
/** @type {(values: number[]) => number} */
const maximum = (values) => values.reduce((a, b) => Math.max(a, b), -Infinity);
/** @type {(values: number[]) => number} */
const minimum = (values) => values.reduce((a, b) => Math.min(a, b), Infinity);
/** @type {(values: number[]) => number} */
const first = (values) => values.find(Number.isFinite) ?? 0;

/** The axis of a row: {range, type, …} for Plotly, and ``top``, the largest value on it.
 * @param {string} row
 * @param {Shown} state
 * @param {Values} over
 * @returns {Axis} */
export function rowAxis(row, { current, pins, view }, over = []) {
  const runs = [current, ...pins.filter((pin) => pin !== null)];
  const all = [...runs.flatMap((run) => run.columns[row]), ...over].filter((value) =>
    Number.isFinite(value)
  );
  return row === "sharpness"
    ? sharpnessAxis(all, current, view)
    : logAxis(all, current.columns[row], view);
}

/**
 * @param {number[]} all
 * @param {Run} current
 * @param {ByName<any>} view
 */
function sharpnessAxis(all, current, view) {
  const edge = maximum(thresholds(current));
  const start = Math.max(edge, first(current.columns.sharpness));
  const whole = Math.max(edge, maximum(all));
  const lowest = current.columns.lambda_min;
  const high = view.clip ? Math.min(whole, LINEAR_CLIP * start) : whole;
  if (high > LOG_FROM * edge && !lowest && all.every((value) => value > 0)) {
    const top = view.clip ? Math.min(whole, LOG_CLIP * start) : whole;
    return spanned(Math.min(edge, minimum(all)), top);
  }
  const low = lowest ? Math.max(-high, minimum([0, ...lowest])) : 0;
  return { range: [low * 1.05, 1.08 * high], autorange: false, type: "linear", top: high };
}

/**
 * @param {number[]} all
 * @param {number[]} own
 * @param {ByName<any>} view
 */
function logAxis(all, own, view) {
  const positive = all.filter((value) => value > 0);
  if (!positive.length)
    return {
      range: [-1, 1],
      autorange: false,
      type: "log",
      dtick: 1,
      top: Infinity,
      empty: true,
    };
  const whole = maximum(positive);
  const top = view.clip ? Math.min(whole, LOG_CLIP * (own[0] || 1)) : whole;
  return spanned(Math.min(Math.max(minimum(positive), LEAST_LOSS), top / 10), top);
}

/** A logarithmic axis over two values, with ticks at whole powers of ten only.
 * @param {number} low
 * @param {number} top */
function spanned(low, top) {
  const [from, to] = [Math.log10(low), Math.log10(top)];
  const room = 0.05 * (to - from);
  const dtick = Math.max(1, Math.ceil((to - from) / 5));
  return { range: [from - room, to + room], autorange: false, type: "log", dtick, top };
}

/** What an axis cuts off a curve: where, and how far it goes.
 * @param {number[]} x
 * @param {number[]} values
 * @param {Axis} axis */
export function cutOff(x, values, { top }) {
  const above = values.flatMap((value, i) => (value > top * (1 + 1e-9) ? [i] : []));
  return { x: above.map((i) => x[i]), most: maximum(above.map((i) => values[i])) };
}

/** @type {(value: number) => string} */
const told = (
  value,
) => (value < 1e6 ? digits(value) : value.toExponential(1).replace("+", ""));

/** @param {Axis} axis */
function words({ empty, cut }) {
  if (empty) return "0 all along: no place on a logarithmic axis";
  const count = cut?.x.length;
  return cut && count
    ? `▲ ${count.toLocaleString("en")} step${count > 1 ? "s" : ""} above, up to ${told(cut.most)}`
    : "";
}

/** What is said in a row of its axis: what is cut off at its top, or that it is empty.
 * @param {string} row
 * @param {Axis} axis
 * @param {number[]} span
 * @param {ByName<string>} colours */
export function axisNotes(row, axis, [low, high], colours) {
  const text = high > low + 0.01 ? words(axis) : "";
  if (!text) return [];
  const place = axis.empty
    ? { x: 0.5, y: (low + high) / 2, xanchor: "center", yanchor: "middle" }
    : { x: 0.01, y: high, xanchor: "left", yanchor: "top", bgcolor: colours.paper };
  const font = { size: 13, color: colours.muted };
  return [{
    text,
    ...place,
    xref: "paper",
    yref: "paper",
    showarrow: false,
    font,
    name: `cut.${row}`,
  }];
}
