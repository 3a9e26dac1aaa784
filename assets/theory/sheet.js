/* Several figures as one, to be taken home: each in its cell, under the title of its panel. */

import { $ } from "../base/dom.js";

const WIDTH = 640; // px of a cell
const HEIGHT = 520;
const HEAD = 120; // px above a row, for its title and what was checked
const LINE = 120; // letters
const GAP = 70; // px to the right of a cell, for its scale of colours
/** @type {(name: string, k: number) => string} */
const numbered = (name, k) => (k ? `${name}${k + 1}` : name);

/** {data, layout, width, height} of panels {title, words, figures: [{data, layout}]}, a row each.
 * @param {{ title: string, words: string, figures: any[] }[]} panels
 * @param {string} title */
export function sheet(panels, title) {
  const columns = Math.max(...panels.map(({ figures }) => figures.length));
  const [width, height] = [columns * WIDTH, panels.length * (HEIGHT + HEAD) + HEAD / 2];
  /** @type {Line[]} */
  const data = [];
  const first = panels[0].figures[0].layout;
  /** @type {Line} */
  const layout = {
    ...paper(first),
    annotations: [note(`<b>${title}</b>`, 0, 1, 16)],
    images: [],
  };
  let k = 0;
  panels.forEach(({ title: name, words, figures }, row) => {
    const top = height - HEAD / 2 - row * (HEIGHT + HEAD);
    const head = `<b>${name}</b><br>${wrapped(words, columns * LINE / 2)}`;
    layout.annotations.push(note(head, 0, top / height, 13));
    figures.forEach((figure, column) => {
      const x = [column * WIDTH + 60, (column + 1) * WIDTH - GAP].map((px) => px / width);
      const y = [top - HEAD - HEIGHT + 60, top - HEAD].map((px) => px / height);
      place(figure, k++, x, y, data, layout);
    });
  });
  return { data, layout, width, height };
}

/** Put a figure into a cell, under axes of its own.
 * @param {any} figure
 * @param {number} k
 * @param {number[]} x
 * @param {number[]} y
 * @param {Line[]} data
 * @param {Line} layout */
function place(figure, k, x, y, data, layout) {
  const axes = {
    xaxis: numbered("x", k),
    yaxis: numbered("y", k),
    scene: numbered("scene", k),
    legend: numbered("legend", k),
  };
  for (const trace of figure.data) data.push(placed(trace, axes, x, y, figure.layout.showlegend));
  const { xaxis, yaxis, scene, legend, images = [] } = figure.layout;
  if (xaxis) layout[numbered("xaxis", k)] = { ...xaxis, domain: x, anchor: axes.yaxis };
  if (yaxis)
    layout[numbered("yaxis", k)] = {
      ...yaxis,
      domain: y,
      anchor: axes.xaxis,
      ...(yaxis.scaleanchor ? { scaleanchor: axes.xaxis } : {}),
    };
  if (scene) layout[axes.scene] = { ...scene, domain: { x, y } };
  if (legend) layout[axes.legend] = { ...legend, x: x[0], y: y[1] };
  layout.images.push(
    ...images.map((/** @type {Line} */ image) => ({
      ...image,
      xref: axes.xaxis,
      yref: axes.yaxis,
    })),
  );
}

/**
 * @param {Line} trace
 * @param {ByName<string>} axes
 * @param {number[]} x
 * @param {number[]} y
 * @param {boolean | undefined} named
 */
function placed(trace, { xaxis, yaxis, scene, legend }, x, y, named) {
  const bar = {
    x: x[1],
    xanchor: "left",
    y: (y[0] + y[1]) / 2,
    yanchor: "middle",
    len: y[1] - y[0],
  };
  const solid = ["surface", "scatter3d"].includes(trace.type);
  /** @type {Line} */
  const made = {
    ...trace,
    ...(solid ? { scene } : { xaxis, yaxis }),
    ...(named ? { legend, showlegend: true } : { showlegend: false }),
  };
  if (trace.colorbar) made.colorbar = { ...trace.colorbar, ...bar };
  if (trace.marker?.colorbar)
    made.marker = { ...trace.marker, colorbar: { ...trace.marker.colorbar, ...bar } };
  return made;
}

/** What all figures share.
 * @type {(layout: Line) => ByName<Line>} */
const paper = ({ paper_bgcolor, plot_bgcolor, font, bargap }) => ({
  paper_bgcolor,
  plot_bgcolor,
  font,
  bargap,
  showlegend: true,
  margin: { l: 0, r: 0, t: 0, b: 0 },
});

/** @type {(text: string, x: number, y: number, size: number) => Line} */
const note = (text, x, y, size) => ({
  text: text.replaceAll("η_C", "η<sub>C</sub>"),
  x,
  y,
  xref: "paper",
  yref: "paper",
  xanchor: "left",
  yanchor: "top",
  xshift: 16,
  yshift: -14,
  align: "left",
  showarrow: false,
  font: { size },
});

/** Words in lines of so many letters.
 * @type {(words: string, letters: number) => string} */
const wrapped = (words, letters) =>
  words.replace(new RegExp(`(.{1,${Math.round(letters)}})(\\s+|$)`, "g"), "$1<br>");

/** The statements that are shown: each with its title, what was checked of it, and its figures.
 * @param {string[]} names
 * @param {ByName<Line>} panels */
function shownPanels(names, panels) {
  const shown = names.filter((name) =>
    panels[name] && !$(`${name}-panel`).classList.contains("eos-hidden")
  );
  const made = shown.map((name) => ({
    title: [...$(`${name}-panel`).querySelector("h2").childNodes].map((node) => node.textContent)
      .join(". "),
    words: panels[name].instead || panels[name].check,
    figures: ["a", "b"].map((part) => $(`${name}-${part}`)).filter((figure) =>
      figure?.clientWidth && figure.data
    ),
  }));
  return made.filter(({ figures }) => figures.length);
}

/** The picture of the page of the theory, with the network in its title.
 * @type {(names: string[], shown: { panels: ByName<Line>, theory: Line }) => Picture} */
export const theoryPicture = (names, { panels, theory }) => ({
  ...sheet(shownPanels(names, panels), theory.start.setup),
  filename: "eosdash-theory",
});
