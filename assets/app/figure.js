/* The one way a figure gets on the screen, at the size of a desk or of a lecture hall. */

import { listen } from "../base/dom.js";
import { frame } from "./frame.js";

const LEAST = 20; // px of the smallest text on a projector of 1080 lines
const WIDER = 1.7; // lines and markers
const MARGIN = 1.55;

/** Draw a figure that the server made the template of; larger and in full contrast when it is
 * presented. Of a page that was left meanwhile, nothing.
 * @param {any} figure
 * @param {Line[]} data
 * @param {Line} layout
 * @param {ByName<unknown>} config */
export async function drawFigure(figure, data, layout, config) {
  if (!figure?.isConnected) return;
  const { present } = frame;
  const traces = present ? data.map(presentedTrace) : data;
  const made = { ...(present ? presentedLayout(layout) : layout), ...sizeOf(figure) };
  await window.Plotly.react(figure, traces, made, config);
  /** @type {Set<any>} */
  figures.add(figure);
  boxes.observe(figure); // says at once if the box has changed meanwhile, or is gone
}

/* A figure has the size of its box, whatever changes that; and what belongs to it ends with it. */

const figures = new Set();

const boxes = new ResizeObserver(() => (asked ||= requestAnimationFrame(fit)));
let asked = 0;

/** px of a figure's box; nothing of one that is not laid out.
 * @type {(box: Element) => { width?: number, height?: number }} */
const sizeOf = ({ clientWidth: width, clientHeight: height }) =>
  width && height ? { width, height } : {};

function fit() {
  asked = 0;
  for (const figure of figures) {
    if (!figure.isConnected) {
      end(figure);
      continue;
    }
    const { width, height } = sizeOf(figure);
    const { layout } = figure;
    if (width && (width !== layout.width || height !== layout.height))
      window.Plotly.relayout(figure, { width, height });
  }
}

/** @param {any} figure */
function end(figure) {
  figures.delete(figure);
  boxes.unobserve(figure);
  window.Plotly.purge(figure);
}

/** How much larger the screen is than a projector. */
const screen = () => Math.max(1, window.innerHeight / 1080);

/** @type {(size?: number) => number} */
const larger = (size = 12) => screen() * (size < LEAST ? Math.max(LEAST, 1.4 * size) : size);

/** @param {Line} trace */
function presentedTrace(trace) {
  const made = { ...trace };
  if (trace.line?.width)
    made.line = { ...trace.line, width: WIDER * screen() * trace.line.width };
  if (typeof trace.marker?.size === "number")
    made.marker = { ...trace.marker, size: WIDER * screen() * trace.marker.size };
  if (trace.textfont || trace.mode?.includes("text"))
    made.textfont = { ...trace.textfont, size: larger(trace.textfont?.size) };
  if (trace.colorbar) made.colorbar = textLarger(trace.colorbar);
  if (trace.marker?.colorbar)
    made.marker = { ...made.marker, colorbar: textLarger(trace.marker.colorbar) };
  return made;
}

/** Fonts of whatever has them, in ink: muted text is not read from the last row.
 * @param {Line} part
 * @param {string} [ink] */
function textLarger(part, ink) {
  const made = { ...part };
  for (const name of ["font", "tickfont"])
    if (part[name] || name === "tickfont")
      made[name] = {
        ...part[name],
        size: larger(part[name]?.size),
        ...(ink ? { color: ink } : {}),
      };
  if (part.title?.text)
    made.title = {
      ...part.title,
      font: {
        ...part.title.font,
        size: larger(part.title.font?.size),
        ...(ink ? { color: ink } : {}),
      },
    };
  return made;
}

/** @param {Line} layout */
function presentedLayout(layout) {
  const ink = layout.font?.color;
  const made = { ...layout, font: { ...layout.font, size: larger(layout.font?.size) } };
  for (const name of Object.keys(layout)) {
    if (/^[xy]axis\d*$/.test(name)) made[name] = presentedAxis(layout[name], ink);
    if (/^scene\d*$/.test(name)) {
      const scene = { ...layout[name] };
      for (const axis of ["xaxis", "yaxis", "zaxis"])
        scene[axis] = { ...textLarger(scene[axis] ?? {}, ink), nticks: 4 };
      made[name] = scene;
    }
  }
  if (layout.coloraxis?.colorbar)
    made.coloraxis = {
      ...layout.coloraxis,
      colorbar: textLarger(layout.coloraxis.colorbar, ink),
    };
  made.annotations = (layout.annotations ?? []).map((/** @type {Line} */ note) => ({
    ...note,
    font: {
      ...note.font,
      size: larger(note.font?.size),
      color: note.font?.color === layout.meta?.muted ? ink : note.font?.color,
    },
  }));
  made.hoverlabel = {
    ...layout.hoverlabel,
    font: { ...layout.hoverlabel?.font, size: screen() * LEAST },
  };
  if (layout.margin)
    made.margin = Object.fromEntries(
      Object.entries(layout.margin).map(([side, px]) => [side, MARGIN * screen() * px]),
    );
  return made;
}

/**
 * @param {Line} axis
 * @param {string} ink
 */
function presentedAxis(axis, ink) {
  const made = textLarger(axis, ink);
  made.gridwidth = 1.5;
  if (axis.title?.standoff)
    made.title = { ...made.title, standoff: MARGIN * axis.title.standoff };
  return made;
}

/* The pointer of a presented figure: seen from the last row */

/** @type {HTMLElement | null} */
let beam = null;

const SPOT = "js-plotly-plot";

/** @param {any} event */
function point({ target, clientX, clientY }) {
  const figure = frame.present && target.closest?.(`.${SPOT}`);
  if (!figure) return beam?.remove();
  beam ??= Object.assign(document.createElement("div"), { className: "eos-beam" });
  beam.setAttribute("aria-hidden", "true");
  const { left, top, width, height } = figure.getBoundingClientRect();
  Object.assign(beam.style, {
    left: `${left}px`,
    top: `${top}px`,
    width: `${width}px`,
    height: `${height}px`,
  });
  beam.style.setProperty("--x", `${clientX - left}px`);
  beam.style.setProperty("--y", `${clientY - top}px`);
  if (!beam.isConnected) document.body.append(beam);
}

listen("pointermove", point);
listen("pointerleave", () => beam?.remove());

/** Show that a figure is of a result that another one follows.
 * @type {(figure: any, yes: unknown) => void} */
export const superseded = (figure, yes) => figure?.classList.toggle("eos-superseded", Boolean(yes));
