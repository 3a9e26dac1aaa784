/* Drawing at the pace of the screen. */

/** A function that asks for some drawing: done at most once a frame and never two at a time, so
 * that an older picture cannot end up over a newer one. ``work`` is told how to see whether it
 * has been asked for again meanwhile.
 * @param {(askedAgain: () => boolean) => unknown} work */
export function drawing(work) {
  let busy = false;
  let again = false;
  const ask = () => {
    again = busy;
    if (busy) return;
    busy = true;
    requestAnimationFrame(async () => {
      again = false;
      try {
        await work(() => again);
      } finally {
        busy = false;
        if (again) ask();
      }
    });
  };
  return ask;
}

/** When the next frame is about to be drawn. */
export const nextFrame = () => new Promise(requestAnimationFrame);
