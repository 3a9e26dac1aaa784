/* Traces of the panels: templates filled, families of lines, rows of grids. */

import { unpacked } from "../base/arrays.js";

/** A template with the traces that are filled, by name, and changes of the layout.
 * @param {Template} template
 * @param {ByName<Line>} traces */
export function filled(template, traces, layout = {}) {
  const data = template.data.filter((trace) => traces[trace.meta]);
  return {
    data: data.map((trace) => ({
      ...trace,
      ...traces[trace.meta],
      ...mergedMarker(trace, traces),
    })),
    layout: { ...template.layout, ...layout },
  };
}

/** @type {(trace: Line, traces: ByName<Line>) => Line} */
const mergedMarker = (trace, traces) =>
  traces[trace.meta].color ? { marker: { ...trace.marker, color: traces[trace.meta].color } } : {};

/** Polylines (K, 2, m) as one line with gaps.
 * @param {(Packed & { shape: number[] })[]} families */
export function polylines(families) {
  /** @type {Values} */
  const x = [];
  /** @type {Values} */
  const y = [];
  for (const family of families) {
    const [number, , length] = family.shape;
    const values = unpacked(family);
    for (let k = 0; k < number; k++) {
      const at = 2 * k * length;
      x.push(...values.subarray(at, at + length), null);
      y.push(...values.subarray(at + length, at + 2 * length), null);
    }
  }
  return { x, y };
}

/** @type {(list: number[][][]) => { x: Values, y: Values }} */
export const curves = (list) => ({
  x: list.flatMap(([x]) => [...x, null]),
  y: list.flatMap(([, y]) => [...y, null]),
});

/** @type {(template: Template, x: number[], y: number[]) => ByName<Line>} */
export const ranged = (template, x, y) => ({
  xaxis: { ...template.layout.xaxis, range: x },
  yaxis: { ...template.layout.yaxis, range: y },
});

/** @type {(template: Template, text: string) => ByName<Line>} */
export const titled = (template, text) => ({
  xaxis: { ...template.layout.xaxis, title: { ...template.layout.xaxis.title, text } },
});

/** @type {(values: any, width: number) => any[]} */
export const rowsOf = (values, width) =>
  Array.from(
    { length: values.length / width },
    (_, row) => values.subarray(row * width, (row + 1) * width),
  );
