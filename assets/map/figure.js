/* The figure of a map: its picture, and what lies over it. */

import { unpacked } from "../base/arrays.js";
import { imageBelow } from "../base/paint.js";

const joined = (curves, pick = () => true) => {
  const x = [];
  const y = [];
  for (const curve of curves) {
    curve.x.forEach((value, i) => {
      x.push(pick(curve, i) ? value : null);
      y.push(pick(curve, i) ? curve.y[i] : null);
    });
    x.push(null);
    y.push(null);
  }
  return { x, y };
};

/** Data and layout of the figure of a map. */
export function mapFigure(template, { map, view, path, selected, image, extent }) {
  const over = filledOverlays(map, view, path, selected);
  const data = template.data
    .filter((trace) => over[trace.meta.replace(".casing", "")])
    .map((trace) => ({ ...trace, ...over[trace.meta.replace(".casing", "")] }));
  const { plane } = map.start;
  const [left, right, low, high] = extent;
  const { x, y, dx, dy } = map.grid();
  const { size } = map.level;
  const log = map.isTrainability();
  const axis = (name, title, range) => ({
    ...template.layout[name],
    title: { ...template.layout[name].title, text: title },
    range,
    ...(log ? decades(range) : {}),
    fixedrange: matchMedia("(pointer: coarse)").matches,
  });
  const layout = {
    ...template.layout,
    dragmode: matchMedia("(pointer: coarse)").matches ? false : "zoom",
    xaxis: axis("xaxis", plane.x, [left, right]),
    yaxis: { ...axis("yaxis", plane.y, [low, high]), ...(log ? {} : { scaleanchor: "x" }) },
    images: [
      imageBelow(image, {
        x: x - dx / 2,
        y: y - dy / 2 + size * dy,
        sizex: size * dx,
        sizey: size * dy,
      }),
    ],
  };
  return [data, layout];
}

function filledOverlays(map, view, path, selected) {
  const { overlays } = map;
  const over = {};
  if (overlays) {
    const { minimizers, region, fold, balanced } = overlays;
    if (view.minimizers && minimizers) {
      over.minimizers = joined(minimizers);
      over.stable = joined(minimizers, (curve, i) => curve.stable[i]);
    }
    if (view.region && region) over.region = joined(region);
    if (view.fold && fold) over.fold = joined(fold);
    if (view.balanced && balanced) over.balanced = joined(balanced);
    if (view.contours) over.contours = contours(overlays);
  }
  if (map.isTrainability() && map.start.critical_lr?.value) over.critical = criticalLine(map);
  const { start } = map.start.plane.landmarks;
  if (start && start.distance < 1e-9) over.start = { x: [start.x], y: [start.y] };
  if (selected) over.selected = { x: [selected[0]], y: [selected[1]] };
  if (view.path && path?.x.length) over.path = path;
  return over;
}

function contours(overlays) {
  overlays.unpacked ??= Object.fromEntries(
    ["x", "y", "log10"].map((name) => [name, unpacked(overlays.loss[name])]),
  );
  const { x, y, log10 } = overlays.unpacked;
  const z = Array.from(y, (_, row) => log10.subarray(row * x.length, (row + 1) * x.length));
  return { x, y, z };
}

function criticalLine(map) {
  const at = Math.log10(map.start.critical_lr.value);
  const [, , low, high] = map.start.extent;
  return { x: [at, at], y: [low, high] };
}

/** Ticks at 1, 2 and 5 times the powers of ten, for coordinates that are logarithms. */
function decades([low, high]) {
  const tickvals = [];
  const ticktext = [];
  for (let power = Math.floor(low); power <= high; power++)
    for (const digit of high - low < 3 ? [1, 2, 5] : [1]) {
      tickvals.push(power + Math.log10(digit));
      ticktext.push(Number((digit * 10 ** power).toPrecision(1)).toString());
    }
  return { tickvals, ticktext };
}
