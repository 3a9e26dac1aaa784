/* The set of global minimizers: a hyperbola or a surface. */

import { unpacked } from "../base/arrays.js";
import { filled, ranged, rowsOf } from "./traces.js";

/** M, coloured by sharpness, or with its stable part.
 * @param {Line} panel
 * @param {Line} templates
 * @param {Line} stable */
export function minimizers(panel, templates, stable) {
  const points = unpacked(panel.points);
  const sharpness = unpacked(panel.sharpness);
  const inside = stable?.stable ? unpacked(stable.stable) : null;
  const draw = panel.shape === "hyperbola" ? hyperbola : surface;
  return draw(templates.theory[panel.shape], points, sharpness, inside, stable?.bound);
}

/**
 * @param {Template} template
 * @param {Float64Array} points
 * @param {Float64Array} sharpness
 * @param {Uint8Array | null} inside
 * @param {Line} bound
 */
function hyperbola(template, points, sharpness, inside, bound) {
  const number = points.length / 4;
  /** @param {number} from */
  const part = (from) => Array.from(points.subarray(from * number, (from + 1) * number));
  const x = [...part(0), null, ...part(2)];
  const y = [...part(1), null, ...part(3)];
  /** @type {(values: number[]) => Values} */
  const gap = (values) => [...values.slice(0, number), null, ...values.slice(number)];
  const color = gap(Array.from(sharpness, (s) => Math.log10(s)));
  /** @type {ByName<Line>} */
  const traces = { curve: { x, y, color } };
  if (inside) {
    const kept = gap(Array.from(inside));
    traces.stable = {
      x: x.map((v, i) => (kept[i] ? v : null)),
      y: y.map((v, i) => (kept[i] ? v : null)),
    };
  }
  if (bound && Number.isFinite(bound.smallest) && bound.smallest !== null) {
    const { upper } = bound;
    traces.box = {
      x: [-upper, upper, upper, -upper, -upper],
      y: [-upper, -upper, upper, upper, -upper],
    };
  }
  const reach = Math.min(6, Math.max(...part(0)));
  return filled(template, traces, ranged(template, [-reach, reach], [-reach, reach]));
}

/**
 * @param {Template} template
 * @param {Float64Array} points
 * @param {Float64Array} sharpness
 * @param {Uint8Array | null} inside
 * @param {Line} bound
 */
function surface(template, points, sharpness, inside, bound) {
  const side = Math.round(Math.sqrt(points.length / 12));
  const size = side * side;
  const reach = 3;
  /** @type {ByName<Line>} */
  const traces = {};
  for (let patch = 0; patch < 4; patch++) {
    /** @param {number} axis */
    const grid = (axis) =>
      rowsOf(points.subarray((3 * patch + axis) * size, (3 * patch + axis + 1) * size), side);
    const keep = inside && rowsOf(inside.subarray(patch * size, (patch + 1) * size), side);
    const shade = rowsOf(sharpness.subarray(patch * size, (patch + 1) * size), side);
    /** @type {(rows: any[]) => number[][]} */
    const plain = (rows) => rows.map((row) => Array.from(row));
    const [x, y, z] = [0, 1, 2].map(grid);
    /** @param {(i: number, j: number) => boolean} shown */
    const where = (shown) =>
      plain(z).map((row, i) => row.map((v, j) => (Math.abs(v) <= reach && shown(i, j) ? v : null)));
    const at = { x: plain(x), y: plain(y) };
    const { accent } = template.layout.meta;
    if (keep) {
      traces[`whole${patch}`] = { ...at, z: where((i, j) => !keep[i][j]) };
      const strong = { colorscale: [[0, accent], [1, accent]], showscale: false };
      traces[`patch${patch}`] = {
        ...at,
        z: where((i, j) => keep[i][j]),
        surfacecolor: plain(z),
        ...strong,
      };
    } else {
      const surfacecolor = plain(shade).map((row) => row.map((s) => Math.log10(s)));
      traces[`patch${patch}`] = { ...at, z: where(() => true), surfacecolor, cmin: 0, cmax: 2 };
    }
  }
  if (inside && bound?.smallest) traces.box = cube(bound.upper);
  /** @param {string} name */
  const axis = (name) => ({ ...template.layout.scene[name], range: [-reach, reach] });
  const scene = {
    ...template.layout.scene,
    xaxis: axis("xaxis"),
    yaxis: axis("yaxis"),
    zaxis: axis("zaxis"),
  };
  return filled(template, traces, { scene, uirevision: "surface" });
}

/** The edges of a cube of half width h.
 * @param {number} h */
function cube(h) {
  const corner = [[-h, -h], [h, -h], [h, h], [-h, h], [-h, -h]];
  /** @type {Values[]} */
  const [x, y, z] = [[], [], []];
  for (const height of [-h, h]) {
    for (const [a, b] of corner) x.push(a), y.push(b), z.push(height);
    x.push(null), y.push(null), z.push(null);
  }
  for (const [a, b] of corner.slice(0, 4))
    x.push(a, a, null), y.push(b, b, null), z.push(-h, h, null);
  return { x, y, z };
}
