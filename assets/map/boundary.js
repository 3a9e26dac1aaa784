/* The boundary of a map, measured: exponents, the points that they are fitted to, and how far off
 * they may be. */

import { $, listen, say } from "../base/dom.js";
import { drawFigure } from "../app/figure.js";
import { scheme } from "../app/scheme.js";
import { allTemplates } from "../app/templates.js";
import { mapState } from "./state.js";

const FITS = ["dimension", "uncertainty"];
const three = (value) => (Number.isFinite(value) ? value.toFixed(3) : "–");

/** Say, tabulate and, where it is opened, draw what is measured of the boundary of a map. */
export function mapBoundary(map) {
  const { entropy } = map.end;
  const fractal = entropy.boundary > Math.log(2) ? " (above ln 2: fractal)" : "";
  const words = `Basin entropy ${entropy.total.toFixed(4)}, on the boundary ${
    entropy.boundary.toFixed(3)
  }${fractal}.`;
  say("boundary-words", `${exponents(map.end)} ${words}`);
  $("boundary-table")?.replaceChildren(...rows(map.end));
  draw(map);
}

function exponents({ dimension, uncertainty }) {
  if (dimension.exponent === null) return "Too few sizes to tell the exponents of the boundary.";
  const [low, high] = [dimension.sizes[0], dimension.sizes.at(-1)];
  return (
    `[[Box-counting dimension|dimension]] D = ${
      three(dimension.exponent)
    }, uncertainty exponent α = ${three(uncertainty.exponent)}: ` +
    `slopes of the lines, fitted over ${low} to ${high} pixels. A smooth boundary has D = 1 and α = 1. ` +
    "How far off they may be is below."
  );
}

/** What tells how far the exponents hold, in three columns. */
function rows(end) {
  const fits = FITS.map((name) => end[name]);
  if (fits.some(({ exponent }) => exponent === null)) return [];
  const of = (cell) => fits.map(cell);
  const map = [
    ["this map", ...of(({ exponent }) => three(exponent))],
    ["standard error of the fit", ...of(({ error }) => three(error))],
    ["from size to size", ...of(({ slopes }) => range(slopes))],
    ...fits[0].coarser.map((
      _,
      i,
    ) => [`every ${ordinal(2 ** (i + 1))} pixel`, ...of(({ coarser }) => three(coarser[i]))]),
  ];
  const curves = fits[0].known.map(({ curve }, i) => [
    curve,
    ...of(({ known }) =>
      `${known[i].exponent.toFixed(2)} for ${Number(known[i].truth.toFixed(2))}`
    ),
  ]);
  return [
    row(["", "D", "α"], "th"),
    ...map.map((cells) => row(cells)),
    row(["the same on curves of known D and α", "", ""], "th"),
    ...curves.map((cells) => row(cells)),
  ];
}

const ordinal = (number) => `${number}${number % 10 === 2 ? "nd" : "th"}`; // of a power of two

function range(slopes) {
  const there = slopes.filter(Number.isFinite);
  if (!there.length) return "–";
  return `${Math.min(...there).toFixed(2)} to ${Math.max(...there).toFixed(2)}`;
}

function row(cells, type = "td") {
  const made = document.createElement("tr");
  made.append(
    ...cells.map((words, i) => {
      const cell = document.createElement(i ? type : "th");
      cell.scope = type === "th" ? "col" : i ? "" : "row";
      cell.textContent = words;
      return cell;
    }),
  );
  return made;
}

function draw(map) {
  if (!$("boundary")?.open || !map.end) return;
  const template = allTemplates()[scheme()].fits;
  const data = template.data.map((trace) => {
    const [fit, part] = trace.meta.split(".");
    const { sizes, values, line } = map.end[fit];
    return { ...trace, x: sizes, y: part === "line" ? line : values };
  });
  drawFigure($("fits-figure"), data, template.layout, { staticPlot: true });
}

listen(
  "toggle",
  ({ target }) => target.id === "boundary" && mapState.map && draw(mapState.map),
  true,
);
