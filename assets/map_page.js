/* The page of maps: shows one as it refines, reads it, zooms it, and runs a start of it. */
window.eosdash = window.eosdash || {};

(function (eos) {
  const ZOOM = 2;
  const STEP = 1 / 32; // of the map's side, for an arrow key

  const $ = (id) => document.getElementById(id);
  const state = (eos.mapState = {
    asked: null, // the one that the controls ask for, from its first line on
    map: null, // the one that is shown
    old: null, // one that is still shown though another has been asked for
    image: null, // its picture, and what it was painted from
    run: null, // the run of the selected start, and its path
    path: null,
    at: null,
    back: [],
    forward: [],
  });

  eos.pages.basin = {
    name: "basin",
    api: "/api/basin",
    computing: "Refining the map …",
    said: ["boundary-words", "map-readout"],
    files: ["npz"],
    get Result() {
      return eos.Map;
    },
    picture,
    shown: () => state.asked ?? state.map,
    /** Another state is opened: no start is selected, and there is nothing to go back to. */
    fresh() {
      Object.assign(state, { at: null, path: null, run: null, back: [], forward: [] });
    },
    draw: () => drawMap(),

    began(map) {
      eos.stopPlaying();
      state.asked = map;
    },

    headed(map) {
      abort?.abort();
      Object.assign(state, { run: null, path: null, old: state.map === map ? null : state.map });
      eos.say("run-words", "Click a start on the map to run it.");
      $("boundary-table")?.replaceChildren();
      eos.superseded($("mini-figure"), true);
      eos.superseded($("basin-figure"), state.old);
      progress(map);
    },

    grew(map, record) {
      if (record.type === "level" || record.type === "recheck") {
        eos.showMap(map);
      } else if (record.type === "overlays") drawMap();
      progress(map);
    },

    ended(map) {
      progress(map);
      eos.showMap(map);
      eos.say("summary", eos.marked(map.end, "summary"));
      eos.say("fate", eos.mapWords.rechecked(map));
      eos.mapBoundary(map);
      select(state.at ?? given() ?? landmark(map));
    },
  };

  /** Show a map as far as it is there. */
  eos.showMap = function (map) {
    if (state.map && plane(state.map) !== plane(map)) state.at = state.path = null;
    state.map = map;
    if (hovered) eos.say("map-readout", eos.reading(map, ...hovered));
    eos.mapWords.shares(map);
    eos.mapWords.switches(map);
    drawMap();
  };

  const WINDOW = ["lr", "extent", "resolution", "steps", "twice"];

  /** What names the plane of a map: its query without what only looks at it otherwise. */
  const plane = ({ start }) =>
    JSON.stringify(Object.entries(start.query).filter(([name]) => !WINDOW.includes(name)));

  const drawMap = () => (asking ??= eos.drawing(drawNow))();
  let asking = null;

  async function drawNow() {
    const figure = $("basin-figure");
    const { map } = state;
    if (!figure || !map?.level) return;
    if (!window.Plotly || !eos.templates?.light.basin) {
      setTimeout(drawMap, 20);
      return;
    }
    const templates = eos.templates[eos.scheme()];
    const { view } = eos.state;
    const { size } = map.level;
    const painted = [map, map.level, map.changed, view.color, eos.scheme()];
    if (!state.image || painted.some((part, i) => part !== state.image.painted[i]))
      state.image = { painted, url: await eos.paint(map, view.color, templates.paints) };
    const [data, layout] = eos.mapFigure(templates.basin, {
      map,
      view,
      path: state.path,
      selected: state.at,
      image: state.image.url,
      extent: map.start.extent,
    });
    const config = { displayModeBar: false, doubleClick: false };
    await eos.react(figure, data, layout, config);
    if (!figure.isConnected) return;
    if (!figure.listening) figure.addEventListener("keydown", key);
    eos.hand(figure, { at: pointOf, hover, click, zoom: zoomTo });
    map.drawn = size;
    eos.superseded(figure, map === state.old);
    document.body.classList.add("eos-drawn");
    eos.mapWords.legend(map, view, templates);
    figure.setAttribute("aria-label", map.end?.summary ?? "The map is being computed.");
    await drawRun(templates);
  }

  let drawnRun = [];
  async function drawRun(templates) {
    const wanted = [state.run, templates, $("mini-figure")];
    if (!state.run?.count || wanted.every((part, i) => part === drawnRun[i])) return;
    drawnRun = wanted;
    await eos.drawMini("mini-figure", state.run);
    eos.superseded($("mini-figure"), false);
  }

  function progress(map) {
    const { resolution } = map.start.params;
    const size = map.level?.size ?? map.start.resolutions[0];
    $("progress").style.width = map.end ? "0" : `${100 * map.done}%`;
    const time = eos.duration(map);
    if (map.end) eos.say("status", `${eos.origin(map)} · ${time} · ${size} × ${size}`);
    else if (performance.now() - map.began > 100)
      eos.say("status", `refining to ${resolution} × ${resolution} · ${eos.percent(map.done)}`);
  }

  /* The hand on the map */

  let hovered = null; // where it was last seen

  /** Coordinates from the shares of width and height. */
  const pointOf = (
    { layout: { xaxis, yaxis } },
    [x, y],
  ) => [on(xaxis.range, x), on(yaxis.range, y)];
  const on = ([low, high], share) => low + share * (high - low);

  const hover = (at) =>
    state.map && eos.say("map-readout", eos.reading(state.map, ...(hovered = at)));
  const zoomTo = ({ xaxis, yaxis }) => zoom([...xaxis.range, ...yaxis.range]);

  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };

  function key(event) {
    if (event.key === "+" || event.key === "=") return scale(1 / ZOOM);
    if (event.key === "-") return scale(ZOOM);
    const arrow = ARROWS[event.key];
    if (!arrow || !state.map) return;
    event.preventDefault();
    const [left, right, low, high] = state.map.start.extent;
    const by = event.shiftKey ? STEP / 8 : STEP;
    const from = state.at ?? [(left + right) / 2, (low + high) / 2];
    choose([from[0] + arrow[0] * by * (right - left), from[1] + arrow[1] * by * (high - low)]);
  }

  /* Which part of the plane is shown */

  const digits = (extent) => {
    const size = Math.min(extent[1] - extent[0], extent[3] - extent[2]);
    const places = Math.min(18, Math.max(0, 4 - Math.floor(Math.log10(size))));
    return extent.map((value) => Number(value.toFixed(places)));
  };

  /** Ask for another part of the plane; the one before can be gone back to. */
  function zoom(extent) {
    state.back.push(eos.value("extent") ?? "");
    state.forward = [];
    eos.set("extent", digits(extent).join(","));
  }

  function scale(factor) {
    const [left, right, low, high] = state.map.start.extent;
    const [x, y] = [(left + right) / 2, (low + high) / 2];
    const [dx, dy] = [((right - left) / 2) * factor, ((high - low) / 2) * factor];
    zoom([x - dx, x + dx, y - dy, y + dy]);
  }

  function travel(from, to) {
    if (!from.length) return;
    to.push(eos.value("extent") ?? "");
    eos.set("extent", from.pop());
  }

  const BUTTONS = {
    "map-back": () => travel(state.back, state.forward),
    "map-forward": () => travel(state.forward, state.back),
    "map-home": () => {
      state.back.push(eos.value("extent") ?? "");
      state.forward = [];
      eos.set("extent", "");
    },
    "map-in": () => scale(1 / ZOOM),
    "map-out": () => scale(ZOOM),
  };

  /* The run of a start */

  const given = () => {
    const at = String(eos.state.view.at ?? "").split(",").map(Number);
    return at.length === 2 && at.every(Number.isFinite) ? at : null;
  };
  const landmark = (map) => {
    const { start } = map.start.plane.landmarks;
    return start && start.distance < 1e-9 ? [start.x, start.y] : null;
  };

  /** A click runs the start of the pixel that is read, so that both say the same. */
  function click([x, y]) {
    const pixel = state.map?.pixel(x, y);
    if (pixel) choose([pixel.x, pixel.y]);
  }

  function choose(point) {
    const at = point.map((value) => Number(value.toPrecision(12))); // as the link has it
    eos.set("at", at.join(","));
    select(at);
  }

  let abort = null;
  async function select(at) {
    if (!at || !state.map) return;
    state.at = at;
    drawMap();
    abort?.abort();
    const { signal } = (abort = new AbortController());
    const query = eos.search({ ...state.map.start.query, x: at[0], y: at[1] });
    const run = new eos.Run(query);
    const take = (record) => {
      if (signal.aborted) return;
      if (record.type === "path") {
        state.path = { x: record.x, y: record.y };
        link(record.query);
        return;
      }
      run.take(record);
      if (record.type !== "end") return;
      state.run = run;
      eos.say("run-words", `${eos.marked(record, "summary")}: ${record.fate}.`);
      drawMap();
    };
    try {
      await eos.stream(`/api/basin/run?${query}`, signal, take);
    } catch (problem) {
      if (signal.aborted) return;
      eos.say("run-words", `No run from there: ${problem.error?.message ?? problem.message}.`);
    }
  }

  /** The way to the page of the run; thousands of weights fit into no link. */
  function link(query) {
    $("open-run")?.classList.toggle("eos-hidden", !query);
    const search = eos.search(query ?? {});
    eos.setProps("open-run", { href: `${eos.base}/?${search}` });
  }

  function picture() {
    const { map } = state;
    const { data, layout } = $("basin-figure");
    const size = 1000;
    const caption = `${map.start.setup} ${map.start.plane.name}.<br>${map.end?.summary ?? ""}`;
    const shares = map.end ? Object.entries(map.end.fraction) : [];
    const words = shares.filter(([, share]) => share).map(([name, share]) =>
      `${name} ${eos.percent(share)}`
    );
    const note = (text, y) => ({
      text,
      x: 0,
      y,
      xref: "paper",
      yref: "paper",
      xanchor: "left",
      yanchor: "top",
      showarrow: false,
      yshift: -52,
      font: { size: 13 },
      align: "left",
    });
    return {
      data,
      layout: {
        ...layout,
        margin: { ...layout.margin, b: 110 },
        annotations: [
          note(`${caption}: ${words.join(", ")}.`.replaceAll("η_C", "η<sub>C</sub>"), 0),
        ],
      },
      width: size,
      height: size + 60,
      filename: "eosdash-basin",
    };
  }

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.eosdash = Object.assign(window.dash_clientside.eosdash ?? {}, {
    mapButton() {
      const name = window.dash_clientside.callback_context.triggered_id;
      if (name && state.map) BUTTONS[name]();
    },
  });
})(window.eosdash);
