/* The page of maps: shows one as it refines, reads it, zooms it, and runs a start of it. */
window.eosdash = window.eosdash || {};

(function (eos) {
  const ZOOM = 2;
  const STEP = 1 / 32; // of the map's side, for an arrow key

  const $ = (id) => document.getElementById(id);
  const state = (eos.mapState = {
    asked: null, // the one that the controls ask for, from its first line on
    map: null, // the one that is shown
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
    files: ["npz"],
    get Result() {
      return eos.Map;
    },
    picture,
    shown: () => state.asked ?? state.map,
    draw: () => drawMap(),

    began(map) {
      eos.stopPlaying();
      state.asked = map;
    },

    grew(map, record) {
      if (record.type === "level" || record.type === "recheck") {
        eos.showMap(map);
        if (map.level.record.stride > 1) eos.say("summary", "Refining the map …");
      } else if (record.type === "overlays") drawMap();
      progress(map);
    },

    ended(map) {
      progress(map);
      eos.showMap(map);
      eos.say("summary", map.end.summary);
      eos.say("fate", rechecked(map));
      boundary(map);
      select(state.at ?? given() ?? landmark(map));
    },
  };

  /** Show a map as far as it is there. */
  eos.showMap = function (map) {
    const sameNetwork = state.map?.start.setup.split(" with ")[0] === map.start.setup.split(" with ")[0];
    if (state.map && !sameNetwork) state.at = state.path = null;
    state.map = map;
    if (hovered) eos.say("map-readout", reading(map, ...hovered));
    shares(map);
    switches(map);
    drawMap();
  };

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
      state.image = { painted, url: eos.paint(map, view.color, templates.paints) };
    const [data, layout] = eos.mapFigure(templates.basin, {
      map,
      view,
      path: state.path,
      selected: state.at,
      image: state.image.url,
      extent: map.start.extent,
    });
    const config = { displayModeBar: false, doubleClick: false, responsive: true };
    await window.Plotly.react(figure, data, layout, config);
    listen(figure);
    map.drawn = size;
    document.body.classList.add("eos-drawn");
    legend(map, view, templates);
    figure.setAttribute("aria-label", map.end?.summary ?? "The map is being computed.");
    await drawRun(templates);
  }

  let drawnRun = [];
  async function drawRun(templates) {
    const wanted = [state.run, templates, $("mini-figure")];
    if (!state.run?.count || wanted.every((part, i) => part === drawnRun[i])) return;
    drawnRun = wanted;
    await eos.drawMini("mini-figure", state.run);
  }

  /** A run in small: loss and sharpness. */
  eos.drawMini = async function (id, run) {
    const none = [null, null, null, null];
    const view = { clip: true };
    const shown = { current: run, previous: null, pins: none, view, cursor: null };
    const [data, layout] = eos.runFigure(eos.templates[eos.scheme()].run, shown);
    const small = { ...layout, margin: { l: 46, r: 8, t: 22, b: 34 } };
    for (const name of ["xaxis", "yaxis", "yaxis2"])
      small[name] = { ...layout[name], tickfont: { ...layout[name].tickfont, size: 10 } };
    small.yaxis.dtick = Math.max(1, 2 * (layout.yaxis.dtick ?? 1));
    await window.Plotly.react($(id), data, small, { staticPlot: true, responsive: true });
  };

  function progress(map) {
    const { resolution } = map.start.params;
    const size = map.level?.size ?? map.start.resolutions[0];
    $("progress").style.width = map.end ? "0" : `${100 * map.done}%`;
    const time = eos.duration(map);
    if (map.end) eos.say("status", `${map.end.cached ? "cached" : "computed"} · ${time} · ${size} × ${size}`);
    else if (performance.now() - map.began > 100)
      eos.say("status", `refining to ${resolution} × ${resolution} · ${Math.round(100 * map.done)} %`);
  }

  /* What the page says of a map */

  const percent = (share) => {
    if (share === 0 || share === 1) return `${100 * share} %`;
    const value = Math.min(Math.max(100 * share, 0.01), 99.99);
    return `${value.toFixed(value < 1 || value > 99 ? 2 : 1)} %`;
  };

  function shares(map) {
    const counts = map.counts();
    const total = map.level.size ** 2;
    map.start.outcomes.forEach((outcome, code) => {
      const share = counts[code] / total;
      $(`share-${outcome}`).textContent = percent(share);
      const interval = map.end?.interval[outcome].map(percent).join(" to ");
      $(`share-${outcome}`).title = interval
        ? `${counts[code].toLocaleString("en")} of ${total.toLocaleString("en")} pixels; as a sample of this window, 95 %: ${interval}`
        : "";
      $(`bar-${outcome}`).style.flexGrow = share;
    });
  }

  /** What twice the steps would change. */
  function rechecked(map) {
    if (!map.changed) return "";
    const count = map.changed.reduce((sum, value) => sum + value, 0);
    return `With twice the steps ${percent(count / map.changed.length)} of the pixels, checkered, have another fate.`;
  }

  function legend(map, view, templates) {
    const field = eos.field(map, view.color);
    $("ramp-box").classList.toggle("eos-hidden", !field);
    if (!field) return;
    const stops = templates.paints.ramp.filter((_, i) => i % 15 === 0).map((rgb) => `rgb(${rgb})`);
    $("ramp").style.background = `linear-gradient(90deg, ${stops})`;
    eos.say("ramp-low", field.ends[0]);
    eos.say("ramp-name", field.name);
    eos.say("ramp-high", field.ends[1]);
  }

  /** A switch of what does not exist here says why. */
  function switches(map) {
    const missing = map.isTrainability()
      ? Object.fromEntries(
          ["minimizers", "region", "fold", "contours", "balanced", "path"].map((name) => [
            name,
            "This is no plane of parameter space.",
          ])
        )
      : map.overlays?.missing;
    if (!missing) return;
    for (const name of ["minimizers", "region", "fold", "contours", "balanced", "path"])
      eos.disable(name, missing[name]);
  }

  function boundary(map) {
    const { entropy, dimension, uncertainty } = map.end;
    const exponent = ({ exponent, error }) =>
      exponent === null ? "too few sizes to tell" : `${exponent.toFixed(3)} ± ${error.toFixed(3)}`;
    const fractal = entropy.boundary > Math.log(2) ? " (above ln 2: fractal)" : "";
    eos.say(
      "boundary-words",
      `Box-counting dimension D = ${exponent(dimension)}; uncertainty exponent α = ${exponent(uncertainty)}; ` +
        `basin entropy ${entropy.total.toFixed(4)}, on the boundary ${entropy.boundary.toFixed(3)}${fractal}. ` +
        "A smooth boundary has D = 1 and α = 1. Above: boxes on the boundary; below: share of uncertain pixels."
    );
    drawFits(map);
  }

  function drawFits(map) {
    if (!$("boundary").open || !map.end) return;
    const template = eos.templates[eos.scheme()].fits;
    const data = template.data.map((trace) => {
      const [fit, part] = trace.meta.split(".");
      const { sizes, values, line } = map.end[fit];
      return { ...trace, x: sizes, y: part === "line" ? line : values };
    });
    window.Plotly.react($("fits-figure"), data, template.layout, { staticPlot: true, responsive: true });
  }
  document.addEventListener(
    "toggle",
    ({ target }) => target.id === "boundary" && state.map && drawFits(state.map),
    true
  );

  const plain = (name) => name.replace(/<.?sub>/g, "");
  const short = (value) =>
    Math.abs(value) >= 1e-3 && Math.abs(value) < 1e5 ? Number(value.toPrecision(3)).toString() : value.toExponential(1);

  /** What is known of a point, in a line. */
  function reading(map, x, y) {
    const pixel = map.pixel(x, y);
    if (!pixel) return "";
    const { plane } = map.start;
    const value = (at, step) => {
      if (map.isTrainability()) return short(10 ** at);
      return Number(at.toFixed(Math.min(16, Math.max(2, 1 - Math.floor(Math.log10(step)))))).toString();
    };
    const { dx, dy } = map.grid();
    const where = `${plain(plane.x)} = ${value(x, dx)}, ${plain(plane.y)} = ${value(y, dy)}`;
    const period = pixel.period ? ` of period ${pixel.period}` : "";
    const fate = `${pixel.outcome}${period} after ${pixel.steps.toLocaleString("en")} steps`;
    const sharp = Number.isFinite(pixel.sharpness)
      ? ` · sharpness ${short(pixel.sharpness)} = ${short((pixel.sharpness * pixel.lr) / 2)} · 2/η`
      : "";
    const loss = Number.isFinite(pixel.loss) ? ` · loss ${short(pixel.loss)}` : "";
    return `${where}: ${fate}${sharp}${loss}${pixel.changed ? " · another fate with twice the steps" : ""}`;
  }

  /* The hand on the map */

  let hovered = null; // where it was last seen

  function point(figure, event) {
    const box = figure.querySelector(".nsewdrag")?.getBoundingClientRect();
    if (!box) return null;
    const [x, y] = [(event.clientX - box.left) / box.width, (box.bottom - event.clientY) / box.height];
    if (!(x >= 0 && x <= 1 && y >= 0 && y <= 1)) return null;
    const { xaxis, yaxis } = figure.layout;
    const on = ([low, high], share) => low + share * (high - low);
    return [on(xaxis.range, x), on(yaxis.range, y)];
  }

  function listen(figure) {
    if (figure.listening) return;
    figure.listening = true;
    let pressed = null;
    figure.addEventListener("pointermove", (event) => {
      const at = point(figure, event);
      if (at && state.map) eos.say("map-readout", reading(state.map, ...(hovered = at)));
    });
    figure.addEventListener("pointerdown", (event) => (pressed = event), true);
    window.addEventListener("pointerup", (event) => {
      const from = pressed;
      pressed = null;
      if (!from || Math.hypot(event.clientX - from.clientX, event.clientY - from.clientY) > 4) return;
      const at = point(figure, event);
      if (at) choose(at);
    }, true);
    figure.on("plotly_relayout", (change) => {
      if (!("xaxis.range[0]" in change)) return;
      const { xaxis, yaxis } = figure.layout;
      eos.zoom([...xaxis.range, ...yaxis.range]);
    });
    figure.addEventListener("keydown", key);
  }

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
  eos.zoom = function (extent) {
    state.back.push(eos.value("extent") ?? "");
    state.forward = [];
    eos.set("extent", digits(extent).join(","));
  };

  function scale(factor) {
    const [left, right, low, high] = state.map.start.extent;
    const [x, y] = [(left + right) / 2, (low + high) / 2];
    const [dx, dy] = [((right - left) / 2) * factor, ((high - low) / 2) * factor];
    eos.zoom([x - dx, x + dx, y - dy, y + dy]);
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
    const query = new URLSearchParams({ ...state.map.start.query, x: at[0], y: at[1] });
    const run = new eos.Run(query.toString());
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
      eos.say("run-words", `${record.summary}: ${record.fate}.`);
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
    $("open-run").classList.toggle("eos-hidden", !query);
    const search = new URLSearchParams(query ?? {}).toString();
    window.dash_clientside.set_props("open-run", { href: `/?${search}` });
  }

  function picture() {
    const { map } = state;
    const { data, layout } = $("basin-figure");
    const size = 1000;
    const caption = `${map.start.setup} ${map.start.plane.name}.<br>${map.end?.summary ?? ""}`;
    const shares = map.end ? Object.entries(map.end.fraction) : [];
    const words = shares.filter(([, share]) => share).map(([name, share]) => `${name} ${percent(share)}`);
    const note = (text, y) => ({
      text, x: 0, y, xref: "paper", yref: "paper", xanchor: "left", yanchor: "top", showarrow: false,
      yshift: -52, font: { size: 13 }, align: "left",
    });
    return {
      data,
      layout: {
        ...layout,
        margin: { ...layout.margin, b: 110 },
        annotations: [note(`${caption}: ${words.join(", ")}.`.replaceAll("η_C", "η<sub>C</sub>"), 0)],
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
