/* What lies over the curves of a run. */

import { explanationOf } from "./explanations.js";

const RESOLVED = 1e-10; // below this share of its start a flow's loss is the integrator's error
const resolved = (losses) => losses.map((loss) => (loss > RESOLVED * losses[0] ? loss : null));

/** The step that a gradient flow starts from. */
export const flowFrom = (run, view) =>
  Math.min(Number(view.flow_from) || 0, run.start.params.steps - 1);

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

/** What lies over the curves of a run: traces by name, their values by row, and their names. */
export function overlaid(run, view) {
  const made = { filled: {}, values: { loss: [], sharpness: [] }, names: [] };
  for (const { option, name, words, loss, at } of OVERLAID) {
    const columns = view[option] && explanationOf(run, name, at(run, view))?.columns;
    if (!columns?.step) continue;
    const x = view.axis === "time" ? columns.time : columns.step;
    for (
      const [row, values] of [["loss", resolved(columns[loss])], ["sharpness", columns.sharpness]]
    ) {
      made.filled[`${option}.${row}`] = [x, values];
      for (const value of values) made.values[row].push(value);
    }
    made.names.push([option, words]);
  }
  return made;
}
