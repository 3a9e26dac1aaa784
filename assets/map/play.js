/* Playing η: the map from a small learning rate to past the critical one, or, where the network is
 * not linear and none is known, to a multiple of 2/S at the start, frame by frame. */

import { $, say, toast } from "../base/dom.js";
import { digits, inUnits } from "../base/format.js";
import { toSearch } from "../base/query.js";
import { readStream } from "../base/stream.js";
import { marked } from "../base/text.js";
import { frame } from "../app/frame.js";
import { showHead } from "../app/request.js";
import { setField } from "../app/values.js";
import { BasinMap } from "./record.js";
import { showMap } from "./show.js";
import { mapState } from "./state.js";

const PAUSE = 110; // ms a frame
const AHEAD = 2; // frames asked for at a time
const frames = new Map(); // by query: a promise of a map
let playing = null;

/** Stop playing η. */
export function stopPlaying() {
  playing?.abort();
  playing = null;
  face();
}

function face() {
  const button = $("play-eta");
  if (!button) return;
  button.classList.toggle("eos-playing", playing !== null);
  button.setAttribute("aria-pressed", String(playing !== null));
}

/** The map of a query, from this page's memory, the cache, or computed. */
function frameOf(query, signal) {
  if (!frames.has(query)) {
    const map = new BasinMap(query);
    const made = readStream(`/api/basin?${query}`, signal, (record) => map.take(record)).then(
      () => map,
    );
    made.catch(() => frames.delete(query));
    frames.set(query, made);
  }
  return frames.get(query);
}

async function play() {
  const { start } = mapState.map;
  if (!start.play) return toast("There is no η to play on this map.");
  const { lr: rates, resolution } = start.play;
  const { unit } = start;
  const { signal } = (playing = new AbortController());
  face();
  const shared = {
    ...start.query,
    extent: start.extent,
    resolution,
    twice: false,
  };
  const queries = rates.map((lr) => toSearch({ ...shared, lr }));
  // Frames of other networks are computed again, or come from the server's cache.
  for (const query of frames.keys()) if (!queries.includes(query)) frames.delete(query);
  let last = null;
  try {
    for (let i = 0; i < rates.length; i++) {
      queries.slice(i, i + 1 + AHEAD).forEach((query) => frameOf(query, signal).catch(() => {}));
      const pause = new Promise((resolve) => setTimeout(resolve, PAUSE));
      const [map] = await Promise.all([frameOf(queries[i], signal), pause]);
      if (signal.aborted) return;
      last = rates[i];
      showMap(map);
      showHead(Object.assign(map, { headed: false })); // a frame may be seen again
      say("summary", marked(map.end, "summary"));
      say(
        "play-words",
        `η = ${digits(rates[i], 4)} = ${
          inUnits(rates[i], unit, 2)
        } · ${resolution} × ${resolution}`,
      );
    }
  } catch {
    if (!signal.aborted) toast("A frame could not be computed.");
  } finally {
    if (playing?.signal === signal) stopPlaying();
    say("play-words", "");
    if (last) setField("lr", last); // the map of the last frame, in full
  }
}

export const callbacks = {
  playEta(clicks) {
    if (!clicks) return;
    if (frame.lock)
      return toast("This link is locked: its η can be seen, but not played.");
    if (playing) stopPlaying();
    else if (mapState.map) play();
  },
};
