/* A hand on a figure: where it hovers, clicks and drags a rectangle. */

const STILL = 4; // pixels within which a press and its release are a click

/** Shares of the width and of the height of the plot that an event is on, from the lower left
 * corner; null beside it.
 * @param {Element} figure
 * @param {{ clientX: number, clientY: number }} event
 * @returns {[number, number] | null} */
function share(figure, { clientX, clientY }) {
  for (const drag of figure.querySelectorAll(".nsewdrag")) {
    const box = drag.getBoundingClientRect();
    const x = (clientX - box.left) / box.width;
    const y = (box.bottom - clientY) / box.height;
    if (x >= 0 && x <= 1 && y >= 0 && y <= 1) return [x, y];
  }
  return null;
}

/** Listen once to a figure. ``at`` makes what the others are given from the figure and the
 * shares; ``zoom`` is given the layout that a dragged rectangle asks for.
 * @template Place
 * @param {any} figure
 * @param {{
 *   at(figure: any, shares: [number, number]): Place,
 *   hover(place: Place): void,
 *   click(place: Place): void,
 *   zoom(layout: Line): void,
 * }} hand */
export function watchHand(figure, { at, hover, click, zoom }) {
  if (figure.listening) return;
  figure.listening = true;
  /** @param {MouseEvent} event */
  const place = (event) => {
    const on = share(figure, event);
    return on && at(figure, on);
  };
  figure.addEventListener("pointermove", (/** @type {MouseEvent} */ event) => {
    const point = place(event);
    if (point !== null) hover(point);
  });
  /** @type {(from: MouseEvent, event: MouseEvent) => void} */
  const released = (from, event) => {
    if (Math.hypot(event.clientX - from.clientX, event.clientY - from.clientY) > STILL) return;
    const point = place(event);
    if (point !== null) click(point);
  };
  // Plotly covers the page during a drag, so that its end is heard at the window.
  /** @param {MouseEvent} from */
  const pressed = (from) =>
    window.addEventListener("pointerup", (event) => released(from, event), {
      capture: true,
      once: true,
    });
  figure.addEventListener("pointerdown", pressed, true);
  figure.on(
    "plotly_relayout",
    (/** @type {Line} */ change) => "xaxis.range[0]" in change && zoom(figure.layout),
  );
}
