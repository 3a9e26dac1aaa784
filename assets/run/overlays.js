/* What lies over the curves of a run. */

import { explanationOf } from "./explanations.js";
/** @import { Run } from "./record.js" */

/** @typedef {{
 *   filled: ByName<any[]>, values: ByName<Values>, names: [string, string][]
 * }} Overlaid */

const RESOLVED = 1e-10; // below this share of its start a flow's loss is the integrator's error
/** @type {(losses: number[]) => Values} */
const resolved = (losses) => losses.map((loss) => (loss > RESOLVED * losses[0] ? loss : null));

/** The step that a gradient flow starts from.
 * @type {(run: Run, view: ByName<any>) => number} */
export const flowFrom = (run, view) =>
  Math.min(Number(view.flow_from) || 0, run.start.params.steps - 1);

/** @type {{
 *   option: string, name: string, words: string, loss: string,
 *   at(run: Run, view: ByName<any>): number
 * }[]} */
export const OVERLAID = [
  { option: "flow", name: "gradient_flow", words: "gradient flow", loss: "loss", at: flowFrom },
  {
    option: "central",
    name: "central_flow",
    words: "central flow",
    loss: "mean_loss",
    at: () => 0,
  },
];

/** What lies over the curves of a run: traces by name, their values by row, and their names.
 * @param {Run} run
 * @param {ByName<any>} view */
export function overlaid(run, view) {
  /** @type {Overlaid} */
  const made = { filled: {}, values: { loss: [], sharpness: [] }, names: [] };
  for (const { option, name, words, loss, at } of OVERLAID) {
    const columns = view[option] && explanationOf(run, name, at(run, view))?.columns;
    if (!columns?.step) continue;
    const x = view.axis === "time" ? columns.time : columns.step;
    for (
      const [row, values] of Object.entries({
        loss: resolved(columns[loss]),
        sharpness: columns.sharpness,
      })
    ) {
      made.filled[`${option}.${row}`] = [x, values];
      for (const value of values) made.values[row].push(value);
    }
    made.names.push([option, words]);
  }
  return made;
}
