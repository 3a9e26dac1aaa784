/* Beside the run, what explains it: from an explanation to what its empty figure is filled with. */

import { largest, localMean, median, smallest } from "../base/arrays.js";
import { $ } from "../base/dom.js";
import { thresholds } from "./state.js";

const TRAIL = 60; // steps of the phase portrait up to the one that is shown
const FAR = 12; // times the fixed point that a level curve may reach
const WINDOW = 51; // steps that an oscillation is averaged over

const MEASURED =
  `The measured variance, ‖θ − its average over three steps‖², is a mean over ${WINDOW} steps.`;

const CALM = 6; // powers of ten below the largest variance that are shown

/** Where the steps of an explanation lie on the axis of the run. */
export const placed = (
  steps,
  { run, view },
) => (view.axis === "time" ? steps.map((step) => run.time[step]) : steps);

/** The axis of the run that it stands beside. */
export const runAxis = () => {
  const { range, title } = $("run-figure").layout.xaxis;
  return { range, title };
};

/** The row of the step that is shown. */
const rowOf = (steps, shown) => Math.min(Math.max(0, shown - steps[0]), steps.length - 1);

/** A text in a figure. */
export const note = (text, more) => ({ text, showarrow: false, font: { size: 12 }, ...more });

/** α, β and the fixed points about a part of the portrait. */
function constants(columns, some) {
  const pick = (name) => median(some.map((i) => columns[name][i]));
  const [alpha, beta] = [pick("alpha"), pick("beta")];
  return { alpha, beta, fixed: alpha > 0 && beta > 0 ? Math.sqrt((2 * alpha) / beta) : NaN };
}

/** The level curve ½ y² + ¼ β x² − α log|x| through a point, on both sides. */
function levelCurve(x, y, { alpha, beta, fixed }) {
  const none = { x: [], y: [], top: 0, right: 0 };
  if (!(fixed > 0) || !(Math.abs(x) > 1e-3 * fixed)) return none;
  const potential = (at) => 0.25 * beta * at * at - alpha * Math.log(at);
  const energy = 0.5 * y * y + potential(Math.abs(x));
  const square = (at) => 2 * (energy - potential(at));
  const edge = (from, to) => {
    for (let i = 0; i < 60; i++) {
      const middle = Math.sqrt(from * to);
      if (square(middle) >= 0) from = middle;
      else to = middle;
    }
    return from;
  };
  const low = edge(fixed, fixed * Math.exp(-energy / alpha - 20));
  const high = edge(fixed, fixed * 1e9);
  if (high > FAR * fixed) return none;
  const along = Array.from(
    { length: 161 },
    (_, i) => low * (high / low) ** (0.5 - 0.5 * Math.cos((Math.PI * i) / 160)),
  );
  const up = along.map((at) => Math.sqrt(Math.max(0, square(at))));
  const half = [...along, ...[...along].reverse()];
  const ys = [...up, ...[...up].reverse().map((value) => -value)];
  return {
    x: [...half, null, ...half.map((at) => -at)],
    y: [...ys, null, ...ys],
    top: largest(up),
    right: high,
  };
}

export function portrait({ columns }, { shown, colours }) {
  const { step: steps, displacement, excess } = columns;
  if (!steps?.length) return null;
  const at = rowOf(steps, shown);
  const some = Array.from({ length: Math.min(TRAIL, at + 1) }, (_, i) => at - i).reverse();
  const around = constants(columns, some);
  const curve = levelCurve(displacement[at], excess[at], around);
  const within = curve.right > 0;
  const data = { cursor: { x: [displacement[at]], y: [excess[at]] } };
  for (const [side, parity] of [["even", 0], ["odd", 1]]) {
    const half = some.filter((i) => steps[i] % 2 === parity);
    const points = { x: half.map((i) => displacement[i]), y: half.map((i) => excess[i]) };
    data[`trail.${side}`] = data[`steps.${side}`] = points;
  }
  if (within) data.orbit = { x: curve.x, y: curve.y };
  if (around.fixed > 0) data.fixed = { x: [-around.fixed, around.fixed], y: [0, 0] };
  const wide = 1.2 *
    (largest([
      ...some.map((i) => Math.abs(displacement[i])),
      around.fixed,
      within ? curve.right : 0,
    ]) || 1);
  const high = 1.25 *
    (largest([...some.map((i) => Math.abs(excess[i])), within ? curve.top : 0]) || 1);
  data.edge = { x: [-wide, wide], y: [0, 0] };
  return {
    data,
    x: { range: [-wide, wide], exponentformat: "power", nticks: 5 },
    y: { range: [-high, high] },
    annotations: [
      note("<b>2/η</b>", {
        xref: "paper",
        x: 1,
        y: 0,
        xanchor: "right",
        yanchor: "bottom",
        font: { size: 12, color: colours.accent },
      }),
    ],
  };
}

const PROGRESS = [
  ["relative_progress", "relative progress", "ink", 0.01, "left"],
  ["relative_smoothness", "directional smoothness ÷ 2/η", "sky", 0.01, "left"],
  ["share", "share along u₁", "share", 0.99, "right"],
];

export function progress({ columns }, given) {
  const { shown, colours, view } = given;
  if (!columns.step?.length) return null;
  const x = placed(columns.step, given);
  const at = rowOf(columns.step, shown);
  const { range } = runAxis();
  const data = { edge: { x: range, y: [1, 1] }, cursor: { x: [], y: [] } };
  for (const [name] of PROGRESS) {
    const mean = localMean(columns[name], Math.max(15, view.smooth ?? 1));
    data[`raw.${name}`] = { x, y: columns[name] };
    data[name] = { x, y: mean };
    data.cursor.x.push(x[at]);
    data.cursor.y.push(mean[at]);
  }
  const heads = PROGRESS.map(([, words, colour, place, anchor], i) =>
    note(`<b>━ ${words}</b>`, {
      xref: "paper",
      yref: "paper",
      x: place,
      y: i === 1 ? 0.9 : 0.985,
      xanchor: anchor,
      yanchor: "top",
      bgcolor: colours.paper,
      font: { size: 12, color: colours[colour] },
    })
  );
  return { data, x: runAxis(), y: { range: [-1.25, 2.1] }, annotations: heads };
}

export function oscillation({ columns }, given) {
  const { shown, colours, view } = given;
  if (!columns.step?.length) return null;
  const x = placed(columns.step, given);
  const at = rowOf(columns.step, shown);
  const positive = (values) => values.map((value) => (value > 0 ? value : null));
  const measured = positive(localMean(columns.run_variance, WINDOW));
  const predicted = positive(columns.variance);
  const distance = positive(columns.distance);
  const high = Math.log10(largest([...measured, ...predicted, 1e-12]));
  const title = (text, y, colour, place = 0, xanchor = "left") =>
    note(`<b>${text}</b>`, {
      xref: "paper",
      yref: "paper",
      x: place,
      y,
      xanchor,
      yanchor: "bottom",
      font: { size: 12, color: colours[colour] },
    });
  const far = Math.log10(largest([...distance, 1e-12]));
  const near = Math.max(far - 4, Math.log10(smallest([...distance, 10 ** far])));
  return {
    data: {
      measured: { x, y: measured },
      predicted: { x, y: predicted },
      distance: { x, y: distance },
      cursor: { x: [x[at]], y: [measured[at]] },
    },
    x: runAxis(),
    y: { range: [high - CALM, high + 0.4], dtick: 2 },
    y2: { range: [near - 0.2, far + 0.3], dtick: 1 },
    note: view.central ? MEASURED : `${given.words} ${MEASURED}`,
    annotations: [
      title("variance predicted", 0.94, "sky"),
      title("and measured", 0.94, "ink", 1, "right"),
      title("distance between the paths", 0.28, "muted"),
    ],
  };
}

export function spectrum({ columns, end }, { run, shown, colours }) {
  const { grid, density, density_error: error, top, eigenvalues } = columns;
  if (!grid?.length || !Number.isFinite(grid[0])) return null;
  const peak = largest(density);
  const width = end?.values.width ?? (grid.at(-1) - grid[0]) / 100;
  const floor = Math.min(0.1 / (run.start.parameters * width * 2.5), 0.01 * peak);
  const cut = (values) => values.map((value) => Math.max(floor, value));
  const edge = thresholds(run)[shown];
  const beside = (value) =>
    density[Math.max(0, grid.findIndex((place) => place >= value))] || floor;
  const heights = top.map((value) => 2.2 * Math.max(floor, beside(value)));
  const [low, high] = [Math.log10(floor) - 0.35, Math.log10(peak) + 0.6];
  const data = {
    density: { x: grid, y: density.map((value) => (value > floor ? value : null)) },
    edge: { x: [edge, edge], y: [10 ** low, 10 ** high] },
    top: { x: top, y: heights },
  };
  if (Number.isFinite(error?.[0])) {
    data.low = { x: grid, y: cut(density.map((value, i) => value - error[i])) };
    data.high = { x: grid, y: cut(density.map((value, i) => value + error[i])) };
  }
  if (eigenvalues) data.rug = { x: eigenvalues, y: eigenvalues.map(() => floor * 10 ** -0.15) };
  const right = Math.max(grid.at(-1), 1.05 * edge);
  const words = run.start.edge.words;
  return {
    data,
    x: {
      range: [
        Math.min(grid[0], 0) - 0.02 * right,
        Math.min(right, 4 * Math.max(grid.at(-1), 1e-12)),
      ],
    },
    y: { range: [low, high] },
    annotations: [
      note(`<b>${words}</b>`, {
        x: edge,
        yref: "paper",
        y: 1,
        xanchor: "right",
        yanchor: "top",
        font: { size: 12, color: colours.accent },
      }),
    ],
  };
}
