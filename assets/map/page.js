/* The page of maps: shows one as it refines, reads it, zooms it, and runs a start of it. */

import { $, base, say } from "../base/dom.js";
import { drawing } from "../base/drawing.js";
import { duration, origin } from "../base/format.js";
import { percent } from "../base/percent.js";
import { toSearch } from "../base/query.js";
import { readStream } from "../base/stream.js";
import { marked } from "../base/text.js";
import { context, setProps } from "../app/dash.js";
import { drawFigure, superseded } from "../app/figure.js";
import { watchHand } from "../app/hand.js";
import { registerPage } from "../app/pages.js";
import { scheme } from "../app/scheme.js";
import { allTemplates } from "../app/templates.js";
import { fieldValue, setField, viewNow } from "../app/values.js";
import { drawMini } from "../run/figure.js";
import { Run } from "../run/record.js";
import { mapBoundary } from "./boundary.js";
import { mapFigure } from "./figure.js";
import { paintMap } from "./paint.js";
import { stopPlaying } from "./play.js";
import { BasinMap } from "./record.js";
import { showMap } from "./show.js";
import { drawMap, mapState } from "./state.js";
import { reading, recheckedWords, showLegend } from "./words.js";

const ZOOM = 2;
const STEP = 1 / 32; // of the map's side, for an arrow key

registerPage({
  name: "basin",
  api: "/api/basin",
  computing: "Refining the map …",
  said: ["boundary-words", "map-readout"],
  files: ["npz"],
  Result: BasinMap,
  picture,
  shown: () => mapState.asked ?? mapState.map,
  /** Another mapState is opened: no start is selected, and there is nothing to go back to. */
  fresh() {
    Object.assign(mapState, { at: null, path: null, run: null, back: [], forward: [] });
  },
  draw: () => drawMap(),

  began(map) {
    stopPlaying();
    mapState.asked = map;
  },

  headed(map) {
    abort?.abort();
    Object.assign(mapState, {
      run: null,
      path: null,
      old: mapState.map === map ? null : mapState.map,
    });
    say("run-words", "Click a start on the map to run it.");
    $("boundary-table")?.replaceChildren();
    superseded($("mini-figure"), true);
    superseded($("basin-figure"), mapState.old);
    progress(map);
  },

  grew(map, record) {
    if (record.type === "level" || record.type === "recheck") {
      showMap(map);
    } else if (record.type === "overlays") drawMap();
    progress(map);
  },

  ended(map) {
    progress(map);
    showMap(map);
    say("summary", marked(map.end, "summary"));
    say("fate", recheckedWords(map));
    mapBoundary(map);
    select(mapState.at ?? given() ?? landmark(map));
  },
});

async function drawNow() {
  const figure = $("basin-figure");
  const { map } = mapState;
  if (!figure || !map?.level) return;
  if (!window.Plotly || !allTemplates()?.light.basin) {
    setTimeout(drawMap, 20);
    return;
  }
  const templates = allTemplates()[scheme()];
  const view = viewNow();
  const { size } = map.level;
  const painted = [map, map.level, map.changed, view.color, scheme()];
  if (!mapState.image || painted.some((part, i) => part !== mapState.image.painted[i]))
    mapState.image = { painted, url: await paintMap(map, view.color, templates.paints) };
  const [data, layout] = mapFigure(templates.basin, {
    map,
    view,
    path: mapState.path,
    selected: mapState.at,
    image: mapState.image.url,
    extent: map.start.extent,
  });
  const config = { displayModeBar: false, doubleClick: false };
  await drawFigure(figure, data, layout, config);
  if (!figure.isConnected) return;
  if (!figure.listening) figure.addEventListener("keydown", key);
  watchHand(figure, { at: pointOf, hover, click, zoom: zoomTo });
  map.drawn = size;
  superseded(figure, map === mapState.old);
  document.body.classList.add("eos-drawn");
  showLegend(map, view, templates);
  figure.setAttribute("aria-label", map.end?.summary ?? "The map is being computed.");
  await drawStart(templates);
}

drawMap.listen(drawing(drawNow));

let drawnRun = [];

async function drawStart(templates) {
  const wanted = [mapState.run, templates, $("mini-figure")];
  if (!mapState.run?.count || wanted.every((part, i) => part === drawnRun[i])) return;
  drawnRun = wanted;
  await drawMini("mini-figure", mapState.run);
  superseded($("mini-figure"), false);
}

function progress(map) {
  const { resolution } = map.start.params;
  const size = map.level?.size ?? map.start.resolutions[0];
  $("progress").style.width = map.end ? "0" : `${100 * map.done}%`;
  const time = duration(map);
  if (map.end) say("status", `${origin(map)} · ${time} · ${size} × ${size}`);
  else if (performance.now() - map.began > 100)
    say("status", `refining to ${resolution} × ${resolution} · ${percent(map.done)}`);
}

/* The hand on the map */

/** Coordinates from the shares of width and height. */
const pointOf = (
  { layout: { xaxis, yaxis } },
  [x, y],
) => [on(xaxis.range, x), on(yaxis.range, y)];

const on = ([low, high], share) => low + share * (high - low);

const hover = (at) =>
  mapState.map && say("map-readout", reading(mapState.map, ...(mapState.hovered = at)));

const zoomTo = ({ xaxis, yaxis }) => zoom([...xaxis.range, ...yaxis.range]);
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };

function key(event) {
  if (event.key === "+" || event.key === "=") return scale(1 / ZOOM);
  if (event.key === "-") return scale(ZOOM);
  const arrow = ARROWS[event.key];
  if (!arrow || !mapState.map) return;
  event.preventDefault();
  const [left, right, low, high] = mapState.map.start.extent;
  const by = event.shiftKey ? STEP / 8 : STEP;
  const from = mapState.at ?? [(left + right) / 2, (low + high) / 2];
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
  mapState.back.push(fieldValue("extent") ?? "");
  mapState.forward = [];
  setField("extent", digits(extent).join(","));
}

function scale(factor) {
  const [left, right, low, high] = mapState.map.start.extent;
  const [x, y] = [(left + right) / 2, (low + high) / 2];
  const [dx, dy] = [((right - left) / 2) * factor, ((high - low) / 2) * factor];
  zoom([x - dx, x + dx, y - dy, y + dy]);
}

function travel(from, to) {
  if (!from.length) return;
  to.push(fieldValue("extent") ?? "");
  setField("extent", from.pop());
}

const BUTTONS = {
  "map-back": () => travel(mapState.back, mapState.forward),
  "map-forward": () => travel(mapState.forward, mapState.back),
  "map-home": () => {
    mapState.back.push(fieldValue("extent") ?? "");
    mapState.forward = [];
    setField("extent", "");
  },
  "map-in": () => scale(1 / ZOOM),
  "map-out": () => scale(ZOOM),
};

/* The run of a start */

const given = () => {
  const at = String(viewNow().at ?? "").split(",").map(Number);
  return at.length === 2 && at.every(Number.isFinite) ? at : null;
};

const landmark = (map) => {
  const { start } = map.start.plane.landmarks;
  return start && start.distance < 1e-9 ? [start.x, start.y] : null;
};

/** A click runs the start of the pixel that is read, so that both say the same. */
function click([x, y]) {
  const pixel = mapState.map?.pixel(x, y);
  if (pixel) choose([pixel.x, pixel.y]);
}

function choose(point) {
  const at = point.map((value) => Number(value.toPrecision(12))); // as the link has it
  setField("at", at.join(","));
  select(at);
}

let abort = null;

async function select(at) {
  if (!at || !mapState.map) return;
  mapState.at = at;
  drawMap();
  abort?.abort();
  const { signal } = (abort = new AbortController());
  const query = toSearch({ ...mapState.map.start.query, x: at[0], y: at[1] });
  const run = new Run(query);
  const take = (record) => {
    if (signal.aborted) return;
    if (record.type === "path") {
      mapState.path = { x: record.x, y: record.y };
      link(record.query);
      return;
    }
    run.take(record);
    if (record.type !== "end") return;
    mapState.run = run;
    say("run-words", `${marked(record, "summary")}: ${record.fate}.`);
    drawMap();
  };
  try {
    await readStream(`/api/basin/run?${query}`, signal, take);
  } catch (problem) {
    if (signal.aborted) return;
    say("run-words", `No run from there: ${problem.error?.message ?? problem.message}.`);
  }
}

/** The way to the page of the run; thousands of weights fit into no link. */
function link(query) {
  $("open-run")?.classList.toggle("eos-hidden", !query);
  const search = toSearch(query ?? {});
  setProps("open-run", { href: `${base()}/?${search}` });
}

function picture() {
  const { map } = mapState;
  const { data, layout } = $("basin-figure");
  const size = 1000;
  const caption = `${map.start.setup} ${map.start.plane.name}.<br>${map.end?.summary ?? ""}`;
  const shares = map.end ? Object.entries(map.end.fraction) : [];
  const words = shares.filter(([, share]) => share).map(([name, share]) =>
    `${name} ${percent(share)}`
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

export const callbacks = {
  mapButton() {
    const name = context().triggered_id;
    if (name && mapState.map) BUTTONS[name]();
  },
};
