/* Beside the run, what the network has learned: a curve, regions of two classes, outputs against
 * targets, or how many classes are right. */

import { largest, smallest } from "../base/arrays.js";
import { percent, SHARE_TICKS } from "../base/percent.js";
import { note, placed, runAxis } from "./detail_explained.js";

const PER_ROW = 4; // images

function nearest(frames, shown) {
  return frames.reduce(
    (best, frame) => (Math.abs(frame.step - shown) < Math.abs(best.step - shown) ? frame : best),
    frames[0],
  );
}

function spread(values, room) {
  const [low, high] = [smallest(values), largest(values)];
  const more = room * (high - low || Math.abs(high) || 1);
  return [low - more, high + more];
}

function curve({ start: { facts }, frames }, frame) {
  const data = { points: { x: [], y: [] } };
  facts.targets.forEach((row, i) => {
    data.points.x.push(...facts.inputs);
    data.points.y.push(...row);
    data[`curve${i}`] = { x: facts.grid, y: frame.outputs[i] };
  });
  const last = frames.at(-1).outputs.flat();
  const seen = [
    ...facts.targets.flat(),
    ...frames[0].outputs.flat().map((v) => Math.max(-1e3, Math.min(1e3, v ?? 0))),
  ];
  const [low, high] = spread(facts.targets.flat(), 1);
  return {
    data,
    x: { range: [facts.grid[0], facts.grid.at(-1)], title: { text: "x", standoff: 4 } },
    y: {
      range: spread([...seen, ...last].map((v) => Math.max(low, Math.min(high, v ?? 0))), 0.08),
      title: { text: "f(x)", standoff: 4 },
    },
  };
}

const unpacked = ({ shape: [rows, columns], data }) => {
  const bytes = Int8Array.from(atob(data), (sign) => sign.charCodeAt(0));
  return Array.from(
    { length: rows },
    (_, i) => Array.from(bytes.subarray(i * columns, (i + 1) * columns), (v) => v / 127),
  );
};

function regions({ start: { facts } }, frame) {
  const z = (frame.z ??= unpacked(frame.side));
  const { x, y } = facts;
  const data = { regions: { x, y, z }, boundary: { x, y, z } };
  for (const label of [0, 1]) {
    const some = facts.labels.map((_, i) => i).filter((i) => facts.labels[i] === label);
    data[`class${label}`] = {
      x: some.map((i) => facts.inputs[0][i]),
      y: some.map((i) => facts.inputs[1][i]),
    };
  }
  return {
    data,
    x: { range: [x[0], x.at(-1)], title: { text: "x₀", standoff: 4 } },
    y: { range: [y[0], y.at(-1)], title: { text: "x₁", standoff: 4 } },
  };
}

function scatter({ start: { facts } }, frame) {
  const range = spread(facts.targets, 0.15);
  return {
    data: { identity: { x: range, y: range }, points: { x: facts.targets, y: frame.outputs } },
    x: { range, title: { text: "target", standoff: 4 } },
    y: {
      range: spread([
        ...range,
        ...frame.outputs.map((v) => Math.max(3 * range[0], Math.min(3 * range[1], v ?? 0))),
      ], 0),
      title: { text: "output", standoff: 4 },
    },
  };
}

/** Images side by side, rows from the top; a square is 8 pixels wide, or whatever divides it. */
function mosaic(inputs, count) {
  const side = Math.round(Math.sqrt(inputs.length));
  if (side * side !== inputs.length || side < 4) return null;
  const [cell, rows] = [side + 3, Math.ceil(count / PER_ROW)];
  const z = Array.from({ length: rows * cell }, () => Array(PER_ROW * (cell + 5)).fill(null));
  const places = [];
  for (let i = 0; i < count; i++) {
    const [top, left] = [Math.floor(i / PER_ROW) * cell, (i % PER_ROW) * (cell + 5)];
    inputs.forEach((
      row,
      pixel,
    ) => (z[top + Math.floor(pixel / side)][left + (pixel % side)] = row[i]));
    places.push([left + side + 0.5, top + side / 2]);
  }
  return { z, places };
}

function classes({ start: { facts }, frames }, frame, given) {
  const steps = frames.map(({ step }) => step);
  const x = placed(steps, given);
  const data = {
    accuracy: { x, y: frames.map(({ accuracy }) => accuracy) },
    cursor: { x: [x[frames.indexOf(frame)]], y: [frame.accuracy] },
  };
  const made = mosaic(facts.inputs, facts.labels.length);
  const annotations = [
    note("<b>share told rightly</b>", {
      xref: "paper",
      yref: "paper",
      x: 0,
      y: 1,
      xanchor: "left",
      yanchor: "bottom",
    }),
  ];
  if (made) {
    data.images = { z: made.z };
    made.places.forEach(([left, top], i) => {
      const right = frame.told[i] === facts.labels[i];
      const text = right ? `${frame.told[i]} ✓` : `<b>${frame.told[i]} ✗</b>`;
      annotations.push(
        note(text, {
          xref: "x2",
          yref: "y2",
          x: left,
          y: top,
          xanchor: "left",
          font: { size: 13 },
        }),
      );
    });
  }
  const axis = made ? { domain: [0.64, 0.96] } : { domain: [0, 0.96] };
  return {
    data,
    annotations,
    x: { ...runAxis(), anchor: "y" },
    y: { ...axis, range: [0, 1.04], ...SHARE_TICKS },
    y2: { range: [made?.z.length ?? 1, -1] },
  };
}

const SHOWN = { curve, regions, scatter, classes };

export function learned(one, given) {
  if (!one.frames.length) return null;
  const frame = nearest(one.frames, given.shown);
  const told = frame.accuracy === undefined || frame.accuracy === null
    ? ""
    : ` ${percent(frame.accuracy)} right.`;
  return {
    ...SHOWN[one.start.facts.shown](one, frame, given),
    note: `Step ${frame.step.toLocaleString("en")}.${told} ${one.start.notes.join(" ")}`,
  };
}
