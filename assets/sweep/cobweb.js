/* The cobweb of a scalar chain. */

import { $, base, say } from "../base/dom.js";
import { digits } from "../base/format.js";
import { drawFigure, superseded } from "../app/figure.js";
import { scheme } from "../app/scheme.js";
import { allTemplates } from "../app/templates.js";

/** Draw the cobweb of the chain of a sweep at a learning rate.
 * @param {Line} start
 * @param {number} lr */
export async function showCobweb({ params, reduces }, lr) {
  $("cobweb-box").classList.toggle("eos-hidden", !reduces);
  if (!reduces)
    return say("cobweb-words", "Only a linear scalar chain over η reduces to one dimension.");
  const query = new URLSearchParams({
    task: "scalar",
    depth: params.depth,
    target: params.target,
    lr: String(lr),
  });
  const answer = await fetch(`${base()}/api/cobweb?${query}`);
  if (!answer.ok) return;
  const { w, once, twice, path, fixed, slope } = await answer.json();
  if (!$("cobweb-figure")) return; // the page was left meanwhile
  /** @type {number[]} */
  const x = [];
  /** @type {number[]} */
  const y = [];
  path.forEach((/** @type {number} */ from, /** @type {number} */ i) => {
    if (i + 1 === path.length) return;
    x.push(from, from);
    y.push(i ? from : 0, path[i + 1]);
    x.push(path[i + 1]);
    y.push(path[i + 1]);
  });
  const range = [w[0], w.at(-1)];
  /** @type {ByName<number[][]>} */
  const filled = {
    diagonal: [range, range],
    once: [w, once],
    twice: [w, twice],
    web: [x, y],
    fixed: [[fixed], [fixed]],
  };
  const template = allTemplates()[scheme()].cobweb;
  const data = template.data.map((/** @type {Line} */ trace) => ({
    ...trace,
    x: filled[trace.meta][0],
    y: filled[trace.meta][1],
  }));
  const layout = {
    ...template.layout,
    xaxis: { ...template.layout.xaxis, range },
    yaxis: { ...template.layout.yaxis, range },
  };
  await drawFigure($("cobweb-figure"), data, layout, { staticPlot: true });
  superseded($("cobweb-figure"), false);
  const stable = Math.abs(slope) < 1
    ? "stable"
    : "no longer stable: f(f(w)) crosses the diagonal twice more";
  say(
    "cobweb-words",
    `All weights equal w; dotted f(f(w)). At the [[minimizer]] f′ = ${digits(slope)}: ${stable}.`,
  );
}
