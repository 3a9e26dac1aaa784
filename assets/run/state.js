/* The run that is shown, the one before, those that are pinned, and the step. */

import { signal } from "../base/signal.js";
import { viewNow } from "../app/values.js";
/** @import { Run } from "./record.js" */

/** @typedef {{
 *   current: Run | null, previous: Run | null, pins: (Run | null)[], view: ByName<any>,
 *   cursor: number | null
 * }} RunState */

/** @typedef {RunState & { current: Run }} Shown */

/** What is shown of a run: {current, previous, pins, view, cursor}.
 * @type {RunState} */
export const runState = {
  current: null, // the run that is shown, or streaming in
  previous: null, // the one it supersedes, shown faded until the new one is there
  pins: [null, null, null, null],
  /** How it is looked at. */
  get view() {
    return viewNow();
  },
  cursor: null, // a step, or null for the end
};

/** Have the run drawn as the state says. */
export const drawRun = signal();

/** The step that is shown: that of the cursor, or the last.
 * @type {(state: RunState) => number} */
export const stepShown = ({ current, cursor }) => {
  const last = (current?.count ?? 1) - 1;
  return Math.min(cursor ?? last, last);
};

/** The stability threshold at each step; 2/η for gradient descent.
 * @type {(run: Run) => number[]} */
export const thresholds = ({ start, columns }) => columns.lr.map((lr) => start.edge.factor / lr);

/** What it is called; with mini-batches it is still that of steps with all samples.
 * @type {(run: Run) => string} */
export const edgeWords = ({ start }) =>
  start.edge.words + (start.params.batch ? " (full batch)" : "");

/** Where the steps of a run lie on its axis.
 * @type {(run: Run, view: ByName<any>) => number[]} */
export const xs = (run, view) => (view.axis === "time" ? run.time : run.time.map((_, i) => i));
