/* Playing η: the map from a small learning rate to past the critical one, or, where the network is
 * not linear and none is known, to a multiple of 2/S at the start, frame by frame. */
window.eosdash = window.eosdash || {};

(function (eos) {
  const PAUSE = 110; // ms a frame
  const AHEAD = 2; // frames asked for at a time

  const $ = (id) => document.getElementById(id);
  const frames = new Map(); // by query: a promise of a map
  let playing = null;

  eos.stopPlaying = function () {
    playing?.abort();
    playing = null;
    face();
  };

  function face() {
    const button = $("play-eta");
    if (!button) return;
    button.classList.toggle("eos-playing", playing !== null);
    button.setAttribute("aria-pressed", String(playing !== null));
  }

  /** The map of a query, from this page's memory, the cache, or computed. */
  function frame(query, signal) {
    if (!frames.has(query)) {
      const map = new eos.Map(query);
      const made = eos.stream(`/api/basin?${query}`, signal, (record) => map.take(record)).then(
        () => map,
      );
      made.catch(() => frames.delete(query));
      frames.set(query, made);
    }
    return frames.get(query);
  }

  async function play() {
    const { start } = eos.mapState.map;
    if (!start.play) return eos.toast("There is no η to play on this map.");
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
    const queries = rates.map((lr) => eos.search({ ...shared, lr }));
    // Frames of other networks are computed again, or come from the server's cache.
    for (const query of frames.keys()) if (!queries.includes(query)) frames.delete(query);
    let last = null;
    try {
      for (let i = 0; i < rates.length; i++) {
        queries.slice(i, i + 1 + AHEAD).forEach((query) => frame(query, signal).catch(() => {}));
        const pause = new Promise((resolve) => setTimeout(resolve, PAUSE));
        const [map] = await Promise.all([frame(queries[i], signal), pause]);
        if (signal.aborted) return;
        last = rates[i];
        eos.showMap(map);
        eos.head(Object.assign(map, { headed: false })); // a frame may be seen again
        eos.say("summary", eos.marked(map.end, "summary"));
        eos.say(
          "play-words",
          `η = ${eos.digits(rates[i], 4)} = ${
            eos.inUnits(rates[i], unit, 2)
          } · ${resolution} × ${resolution}`,
        );
      }
    } catch {
      if (!signal.aborted) eos.toast("A frame could not be computed.");
    } finally {
      if (playing?.signal === signal) eos.stopPlaying();
      eos.say("play-words", "");
      if (last) eos.set("lr", last); // the map of the last frame, in full
    }
  }

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.eosdash = Object.assign(window.dash_clientside.eosdash ?? {}, {
    playEta(clicks) {
      if (!clicks) return;
      if (eos.frame.lock)
        return eos.toast("This link is locked: its η can be seen, but not played.");
      if (playing) eos.stopPlaying();
      else if (eos.mapState.map) play();
    },
  });
})(window.eosdash);
