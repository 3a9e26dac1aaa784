/* Beside the run: the parameter plane of two weights, or curves of weights and the like. */

import { $, say } from "../base/dom.js";
import { marked } from "../base/text.js";
import { drawFigure } from "../app/figure.js";
import { oscillation, portrait, progress, spectrum } from "./detail_explained.js";
import { detailMissing, EXPLAINED, kindOf, titleOf } from "./detail_kinds.js";
import { learned } from "./detail_learned.js";
import { lastExplained } from "./explanations.js";
import { runState, stepShown, thresholds, xs } from "./state.js";

const FILLS = { portrait, progress, oscillation, spectrum, function: learned };

/** Draw the picture beside the run. */
export async function drawDetail(templates) {
  const figure = $("detail-figure");
  if (!figure || !$("run-figure")?.layout) return; // the page was left meanwhile
  const { current, view } = runState;
  const kind = kindOf(current, view);
  const wanted = view.detail ?? "auto";
  const missing = wanted === kind || wanted === "auto"
    ? ""
    : `${titleOf(wanted)}: ${detailMissing(current, wanted)} `;
  say("detail-title", titleOf(kind));
  const template = templates[EXPLAINED[kind] || kind === "plane" ? kind : "curves"];
  const filled = fill(kind, current, view, template);
  say("detail-note", `${missing}${filled.note ?? ""}`);
  const data = template.data
    .filter((trace) => filled.data[trace.meta])
    .map((trace) => ({ ...trace, ...filled.data[trace.meta] }));
  const { layout } = template;
  const axes = {};
  for (
    const [axis, more] of Object.entries({ xaxis: filled.x, yaxis: filled.y, yaxis2: filled.y2 })
  )
    if (layout[axis]) axes[axis] = { ...layout[axis], ...more };
  const made = { ...layout, ...axes, annotations: filled.annotations ?? [] };
  await drawFigure(figure, data, made, { staticPlot: true });
}

function fill(kind, run, view, template) {
  if (kind === "plane") return plane(run);
  if (!EXPLAINED[kind]) return curves(run, kind, view);
  const shown = stepShown(runState);
  const one = lastExplained(run, EXPLAINED[kind], kind === "spectrum" ? shown : 0);
  const notes = [
    one?.words ?? "Computing …",
    ...(one?.start ? marked(one.start, "notes") : []),
  ].join(" ");
  const made = one &&
    FILLS[kind](one, { run, view, shown, words: notes, colours: template.layout.meta });
  return { note: notes, data: {}, ...made };
}

function plane(run) {
  const { axis, log_loss, minimizers, sharpness } = run.start.plane;
  const shown = stepShown(runState);
  const edge = thresholds(run)[shown]; // η may change on the way
  const isStable = (branch, place) => sharpness[branch][place] <= edge;
  const path = run.columns.path;
  const walked = path.slice(0, shown + 1);
  const branches = { x: [], y: [] };
  const arcs = { x: [], y: [] };
  minimizers.forEach(([a, b], i) => {
    branches.x.push(...a, null);
    branches.y.push(...b, null);
    arcs.x.push(...a.map((value, j) => (isStable(i, j) ? value : null)), null);
    arcs.y.push(...b.map((value, j) => (isStable(i, j) ? value : null)), null);
  });
  const range = [axis[0], axis.at(-1)];
  return {
    data: {
      log_loss: { x: axis, y: axis, z: log_loss },
      minimizers: branches,
      stable: arcs,
      path: { x: walked.map((w) => w[0]), y: walked.map((w) => w[1]) },
      start: { x: [path[0][0]], y: [path[0][1]] },
      cursor: { x: [path[shown][0]], y: [path[shown][1]] },
    },
    x: { range },
    y: { range },
    note: minimizers.length
      ? `Dotted: all [[minimizers]], w₁w₂ = y. Thick: the [[stable ones]], S ≤ ${run.start.edge.words}.`
      : "With weight decay the minimizers are points.",
  };
}

function curves(run, kind, view) {
  const x = xs(run, view);
  const shown = stepShown(runState);
  const rows = run.columns[kind === "weights" ? "path" : kind];
  const lines = Array.isArray(rows[0]) ? rows[0].map((_, i) => rows.map((r) => r[i])) : [rows];
  const data = Object.fromEntries(lines.map((y, i) => [`line${i}`, { x, y }]));
  data.cursor = { x: lines.map(() => x[shown]), y: lines.map((line) => line[shown]) };
  const size = 4 * Math.max(...lines.map((line) => Math.abs(line[0] ?? 0)), 0.5);
  const inside = lines.flat().filter((value) => Math.abs(value) <= size);
  const low = inside.reduce((a, b) => Math.min(a, b), 0);
  const high = inside.reduce((a, b) => Math.max(a, b), 0);
  const room = 0.06 * (high - low || 1);
  const { layout } = $("run-figure");
  return {
    data,
    x: { range: layout.xaxis.range, title: layout.xaxis.title },
    y: { range: [low - room, high + room] },
    annotations: lines.length > 1 ? names(kind, lines) : [],
  };
}

/** The name of each line at its right end, where there are few. */
function names(kind, lines) {
  if (lines.length > 6) return [];
  return lines.map((line, i) => ({
    text: `${kind === "weights" ? "w" : "σ"}<sub>${i + 1}</sub>`,
    xref: "paper",
    x: 1,
    y: line.at(-1),
    xanchor: "right",
    yanchor: "bottom",
    showarrow: false,
    font: { size: 12 },
  }));
}
