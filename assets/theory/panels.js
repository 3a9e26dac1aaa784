/* The figures of each statement. */

import { unpacked } from "../base/arrays.js";
import { imageBelow, paintCodes } from "../base/paint.js";
import { percent } from "../base/percent.js";
import { allTemplates } from "../app/templates.js";
import { minimizers } from "./minimizers.js";
import { curves, filled, polylines, ranged, rowsOf, titled } from "./traces.js";

/** By statement, what makes its two figures of a panel and the templates.
 * @type {ByName<(panel: Line, templates: Line) => Drawn[] | Promise<Drawn[]>>} */
export const FIGURES = {
  nonsingular({ plane, log_det }, { theory }) {
    if (!plane) {
      const finite = (log_det ?? []).filter((/** @type {number | null} */ value) => value !== null); // −∞ has no place on it
      if (!finite.length) return [null, null];
      return [
        filled(
          theory.histogram,
          { histogram: { x: finite } },
          titled(theory.histogram, "log|det(I − η∇²L)|"),
        ),
        null,
      ];
    }
    const mesh = polylines(plane.mesh);
    const half = Math.max(...mesh.x.map(Number));
    const { x, y } = plane;
    const shown = [x[0], x.at(-1)];
    const z = rowsOf(unpacked(plane.preimages), x.length).map((row) =>
      Array.from(row, (/** @type {number} */ n) => Math.min(n, 5))
    );
    return [
      filled(
        theory.plane,
        { mesh, fold: curves(plane.fold) },
        ranged(theory.plane, [-half, half], [-half, half]),
      ),
      filled(
        theory.image,
        { preimages: { x, y, z }, image: polylines(plane.image), caustic: curves(plane.caustic) },
        ranged(theory.image, shown, [y[0], y.at(-1)]),
      ),
    ];
  },

  manifold(panel, templates) {
    if (panel.shape) return [minimizers(panel, templates, null)];
    if (!panel.ratio) return [null];
    const { histogram } = templates.theory;
    const words = "smallest over largest singular value of J";
    return [filled(histogram, { histogram: { x: panel.ratio } }, titled(histogram, words))];
  },

  stable(panel, templates) {
    if (panel.shape) return [minimizers(panel, templates, panel), null];
    return panel.ray ? unbounded(panel.ray, templates.theory) : [null, null];
  },

  async measure_zero({ value, fraction, interval, outcome, half }, templates) {
    if (!value) return [null, null];
    const { convergence, map } = templates.theory;
    const curve = filled(convergence, {
      low: { x: value, y: interval[0] },
      high: { x: value, y: interval[1] },
      critical: { x: [1, 1], y: [0, 1.02] },
      fraction: { x: value, y: fraction, customdata: fraction.map(percent) },
    });
    if (!outcome) return [curve, null];
    const [size] = outcome.shape;
    const step = (2 * half) / (size - 1);
    const { outcomes } = templates;
    const source = await paintCodes(unpacked(outcome), size, outcomes, allTemplates().names);
    const image = imageBelow(source, {
      x: -half - step / 2,
      y: half + step / 2,
      sizex: size * step,
      sizey: size * step,
    });
    return [curve, {
      data: [],
      layout: { ...map.layout, images: [image], ...ranged(map, [-half, half], [-half, half]) },
    }];
  },
};

/** An unbounded direction: loss and sharpness, which stay; the layer that grows, and what of the
 * weights is bounded.
 * @param {Line} path
 * @param {ByName<Template>} templates */
function unbounded(
  { far: x, loss, sharpness, norm, product, threshold, most, layer },
  { ray, growth },
) {
  /** @param {number} value */
  const level = (value) => ({ x, y: x.map(() => value) });
  const flat = {
    sharpness: { x, y: sharpness },
    loss: { x, y: loss },
    threshold: level(threshold),
  };
  /** @type {ByName<Line>} */
  const growing = { norm: { x, y: norm, name: `‖W<sub>${layer}</sub>‖` } };
  if (product[0] > 0) growing.product = { x, y: product }; // one layer has none
  if (most !== null) growing.most = level(most);
  return [filled(ray, flat), filled(growth, growing)];
}
