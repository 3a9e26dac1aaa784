/* The figure of a run: from its columns to the traces and axes of an empty figure. */

import { smooth } from "../base/arrays.js";
import { $ } from "../base/dom.js";
import { digits } from "../base/format.js";
import { drawFigure } from "../app/figure.js";
import { scheme } from "../app/scheme.js";
import { allTemplates } from "../app/templates.js";
import { axisNotes, cutOff, rowAxis } from "./axes.js";
import { overlaid } from "./overlays.js";
import { edgeWords, stepShown, thresholds, xs } from "./state.js";
/** @import { Run } from "./record.js" */
/** @import { Axis } from "./axes.js" */
/** @import { Overlaid } from "./overlays.js" */
/** @import { Shown } from "./state.js" */

const ROWS = ["loss", "sharpness", "grad_norm"];

/** @type {ByName<ByName<number[]>>} */
const DOMAINS = {
  two: { loss: [0.56, 1], sharpness: [0, 0.5], grad_norm: [0, 0.001] },
  three: { loss: [0.7, 1], sharpness: [0.27, 0.64], grad_norm: [0, 0.2] },
};

const NARROW = 600; // px
const coarse = matchMedia("(pointer: coarse)");

/** Data, layout and options of the figure of what a state shows.
 * @param {Template} template
 * @param {Shown} state
 * @returns {[Line[], Line, ByName<unknown>]} */
export function runFigure(template, state) {
  const { current, previous, pins, view } = state;
  const shown = stepShown(state);
  const x = xs(current, view);
  const over = overlaid(current, view);
  const axes = Object.fromEntries(
    ROWS.map((row) => [row, rowAxis(row, state, over.values[row])]),
  );
  /** @type {ByName<any[]>} */
  const filled = {
    ...curves(current, view, x, shown),
    ...over.filled,
    ...marks(current, x, shown, axes),
  };
  for (const row of ROWS) {
    const cut = (axes[row].cut = cutOff(x, current.columns[row], axes[row]));
    if (cut.x.length) filled[`cut.${row}`] = [cut.x, cut.x.map(() => axes[row].top)];
  }
  const behind = previous && !current.end ? previous : null;
  for (const row of ROWS) {
    if (behind) filled[`previous.${row}`] = [xs(behind, view), behind.columns[row]];
    pins.forEach((pin, i) => {
      if (pin) filled[`pin${i}.${row}`] = [xs(pin, view), smooth(pin.columns[row], view.smooth)];
    });
  }
  /** @param {Line} trace */
  const hidden = (trace) => !view.gradient && trace.yaxis === "y3";
  const data = template.data
    .filter((trace) => filled[trace.meta] && !hidden(trace))
    .map((trace) => {
      const [tx, ty, more] = filled[trace.meta];
      return { ...trace, x: tx, y: ty, ...more };
    });
  return [data, layout(template, state, x, over, axes), config()];
}

/** A run in small: loss and sharpness.
 * @param {string} id
 * @param {Run} run */
export async function drawMini(id, run) {
  const none = [null, null, null, null];
  const view = { clip: true };
  const shown = { current: run, previous: null, pins: none, view, cursor: null };
  const [data, layout] = runFigure(allTemplates()[scheme()].run, shown);
  const small = { ...layout, margin: { l: 46, r: 8, t: 22, b: 34 } };
  for (const name of ["xaxis", "yaxis", "yaxis2"])
    small[name] = { ...layout[name], tickfont: { ...layout[name].tickfont, size: 10 } };
  small.yaxis2.nticks = 3;
  small.yaxis.dtick = Math.max(1, 2 * (layout.yaxis.dtick ?? 1));
  const notes = layout.annotations.filter((/** @type {Line} */ { name }) =>
    !name.startsWith("cut.")
  ); // no room for them
  small.annotations = notes.map((/** @type {Line} */ note) => ({
    ...note,
    text: note.text.replace(/(?<=<\/b>).*/, ""),
  }));
  const curves = data.filter(({ meta }) => !meta.startsWith("events.")); // their list is elsewhere
  await drawFigure($(id), curves, small, { staticPlot: true });
}

const config = () => ({ displayModeBar: false, doubleClick: "reset" });

/**
 * @param {Run} run
 * @param {ByName<any>} view
 * @param {number[]} x
 * @param {number} shown
 */
function curves(run, view, x, shown) {
  const { columns } = run;
  /** @type {ByName<any[]>} */
  const filled = {};
  const until = shown + 1;
  for (const row of ROWS) {
    const curve = smooth(columns[row], view.smooth);
    filled[row] = [x.slice(0, until), curve.slice(0, until)];
    if (view.smooth > 1 || until < run.count) filled[`raw.${row}`] = [x, columns[row]];
  }
  const hovertemplate = `${edgeWords(run)} %{y:.5g}<extra></extra>`;
  filled.threshold = [...across(x, thresholds(run)), {
    line: thresholdLine(columns.lr),
    hovertemplate,
  }];
  if (view.gfs && columns.gfs_sharpness) filled.gfs_sharpness = [x, columns.gfs_sharpness];
  if (columns.lambda_min) filled.lambda_min = [x, columns.lambda_min];
  const count = columns.eigenvalues?.[0].length ?? 1;
  for (let k = 2; k <= count; k++)
    filled[`eigenvalue_${k}`] = [x, columns.eigenvalues.map((row) => row[k - 1])];
  return filled;
}

/** A line of one step is drawn over the whole axis: as a point nobody would see it.
 * @type {(x: number[], y: number[]) => number[][]} */
const across = (x, y) => (x.length > 1 ? [x, y] : [[x[0], x[0] + 1], [y[0], y[0]]]);

/** @param {number[]} lr */
function thresholdLine(lr) {
  const { accent } = allTemplates()[scheme()].run.layout.meta;
  const changes = lr.some((value) => value !== lr[0]);
  return { color: accent, width: 1.75, dash: "dash", shape: changes ? "hv" : "linear" };
}

/**
 * @param {Run} run
 * @param {number[]} x
 * @param {number} shown
 * @param {ByName<Axis>} axes
 */
function marks(run, x, shown, axes) {
  /** @type {ByName<any[]>} */
  const filled = {};
  const { columns } = run;
  // A logarithmic axis has no place for zero, and text would be put at minus infinity; what is
  // above an axis is marked at its top.
  /** @type {(row: string, at: number) => number | null} */
  const value = (row, at) => {
    const { type, top } = axes[row];
    return type === "linear" || columns[row][at] > 0 ? Math.min(columns[row][at], top) : null;
  };
  for (const row of ROWS) filled[`cursor.${row}`] = [[x[shown]], [value(row, shown)]];
  const onLoss = new Set(["rises", "spike", "converges", "diverges", "period"]);
  for (const row of ROWS.slice(0, 2)) {
    /** @type {Line[]} */
    const events = run.end?.events ?? [];
    const here = events
      .map((event, i) => ({ ...event, number: i + 1, at: Math.min(event.step, run.count - 1) }))
      .filter((event) => onLoss.has(event.kind) === (row === "loss"));
    if (!here.length) continue;
    const more = {
      text: here.map((event) => String(event.number)),
      customdata: here.map((event) => `${event.text}, step ${event.step}`),
      textposition: here.map(({ at }, i) => {
        // Above the axis stands its title.
        if (Number(value(row, at)) > 0.85 * axes[row].top) return "middle right";
        return ["top right", "bottom right", "top center"][i % 3];
      }),
    };
    filled[`events.${row}`] = [
      here.map((event) => x[event.at]),
      here.map((event) => value(row, event.at)),
      more,
    ];
  }
  return filled;
}

/**
 * @param {Template} template
 * @param {Shown} state
 * @param {number[]} x
 * @param {Overlaid} over
 * @param {ByName<Axis>} axes
 */
function layout(template, state, x, over, axes) {
  const { current, pins, view } = state;
  const base = template.layout;
  const domains = view.gradient ? DOMAINS.three : DOMAINS.two;
  const end = Math.max(horizon(current, x, view), ...pins.map((pin) => lastX(pin, view)));
  const touch = coarse.matches;
  const made = {
    ...base,
    dragmode: touch ? false : "zoom",
    uirevision: current.query,
    xaxis: {
      ...base.xaxis,
      range: [-0.01 * end, 1.01 * end],
      anchor: view.gradient ? "y3" : "y2",
      fixedrange: touch,
      title: { ...base.xaxis.title, text: view.axis === "time" ? "time η · step" : "step" },
    },
    annotations: [
      ...labels(current, domains, view, base.meta, over, axes.sharpness),
      ...ROWS.flatMap((row) => axisNotes(row, axes[row], domains[row], base.meta)),
    ],
  };
  ROWS.forEach((row, i) => {
    const name = i ? `yaxis${i + 1}` : "yaxis";
    made[name] = {
      ...base[name],
      domain: domains[row],
      visible: row !== "grad_norm" || Boolean(view.gradient),
      fixedrange: touch,
      ...axisOf(axes[row]),
    };
  });
  return made;
}

/** @type {(run: Run | null, view: ByName<any>) => number} */
const lastX = (run, view) => (run ? xs(run, view).at(-1) ?? 0 : 0);

/** The right end of the axis: the whole budget while streaming, then the steps done.
 * @param {Run} run
 * @param {number[]} x
 * @param {ByName<any>} view */
function horizon(run, x, view) {
  if (run.end) return Math.max(x[x.length - 1], view.axis === "time" ? run.columns.lr[0] : 1);
  const { steps } = run.start.params;
  return view.axis === "time" ? steps * run.start.params.lr : steps;
}

/** @type {(axis: Axis) => Line} */
const axisOf = ({ range, autorange, type, dtick }) => ({
  range,
  autorange,
  type,
  ...(dtick && { dtick }),
});

/** Titles over the rows, and 2/η named at its line.
 * @param {Run} run
 * @param {ByName<number[]>} domains
 * @param {ByName<any>} view
 * @param {ByName<string>} colours
 * @param {Overlaid} over
 * @param {Axis} axis */
function labels(run, domains, view, colours, over, { type }) {
  /** @type {(text: string, row: string) => Line} */
  const title = (text, row) => ({
    text,
    xref: "paper",
    yref: "paper",
    x: 0,
    y: domains[row][1],
    xanchor: "left",
    yanchor: "bottom",
    showarrow: false,
    font: { size: 13, color: colours.muted },
    name: row === "sharpness" ? "sharpness" : "",
    captureevents: row === "sharpness",
  });
  const threshold = thresholds(run).at(-1) ?? NaN;
  /** @param {number} value */
  const at = (value) => (type === "log" ? Math.log10(value) : value);
  /** @type {Line[]} */
  const made = [
    title("<b>loss</b>", "loss"),
    title(
      `<b>sharpness</b> λ<sub>max</sub> of the Hessian${type === "log" ? ", log scale" : ""}`,
      "sharpness",
    ),
    {
      text: `<b>${edgeWords(run)} = ${digits(threshold, 4)}</b>`,
      xref: "paper",
      yref: "y2",
      x: 1,
      y: at(threshold),
      xanchor: "right",
      yanchor: "bottom",
      showarrow: false,
      font: { size: 13, color: colours.accent },
      bgcolor: colours.paper,
      opacity: 0.9,
      name: "threshold",
      captureevents: true,
    },
  ];
  const gfs = view.gfs && run.columns.gfs_sharpness?.at(-1);
  if (gfs) {
    const below = gfs < threshold; // so that it does not lie on the other name
    const text = "<b>minimum that gradient flow reaches</b>";
    const font = { size: 13, color: colours.gfs };
    made.push({
      ...made.at(-1),
      text,
      y: at(gfs),
      yanchor: below ? "top" : "bottom",
      yshift: below ? 0 : 18,
      font,
      name: "gradient-flow",
    });
  }
  const names = over.names.map(([name, words]) =>
    `<span style="color:${colours[name]}">━ ${words}</span>`
  );
  const narrow = $("run-figure")?.clientWidth < NARROW; // then no room is left beside the title
  if (names.length)
    made.push({
      ...title(`<b>${names.join("   ")}</b>`, "sharpness"),
      x: 1,
      xanchor: "right",
      yanchor: narrow ? "top" : "bottom",
      name: "overlaid",
      captureevents: false,
    });
  if (view.gradient) made.push(title("<b>gradient norm</b>", "grad_norm"));
  return made;
}
