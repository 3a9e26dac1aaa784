/* What the page of maps says of one: shares, legend, and what is known of a point. */

import { $, say } from "../base/dom.js";
import { ofEdge } from "../base/format.js";
import { percent } from "../base/percent.js";
import { disableField } from "../app/fields.js";
import { rampOf } from "./paint.js";

const OVERLAYS = ["minimizers", "region", "fold", "contours", "balanced", "path"];
const DECIDED = ["minimum", "diverged"]; // before the steps are spent

/** The share of each outcome. */
export function showShares(map) {
  const counts = map.counts();
  const total = map.level.size ** 2;
  map.start.outcomes.forEach((outcome, code) => {
    const share = counts[code] / total;
    $(`share-${outcome}`).textContent = percent(share);
    const interval = map.end?.interval[outcome].map(percent).join(" to ");
    $(`share-${outcome}`).title = interval
      ? `${counts[code].toLocaleString("en")} of ${
        total.toLocaleString("en")
      } pixels; as a sample of this window, 95 %: ${interval}`
      : "";
    $(`bar-${outcome}`).style.flexGrow = share;
  });
}

/** What twice the steps would change. */
export function recheckedWords(map) {
  if (!map.changed) return "";
  const count = map.changed.reduce((sum, value) => sum + value, 0);
  return `With twice the steps ${
    percent(count / map.changed.length)
  } of the pixels, checkered, have another fate.`;
}

/** What the colours mean. */
export function showLegend(map, view, templates) {
  const field = rampOf(map, view.color);
  $("ramp-box").classList.toggle("eos-hidden", !field);
  if (!field) return;
  const stops = templates.paints.ramp.filter((_, i) => i % 15 === 0).map((rgb) => `rgb(${rgb})`);
  $("ramp").style.background = `linear-gradient(90deg, ${stops})`;
  say("ramp-low", field.ends[0]);
  say("ramp-name", field.name);
  say("ramp-high", field.ends[1]);
}

/** A switch of what does not exist here says why. */
export function showSwitches(map) {
  const { overlays } = map;
  if (!overlays && !map.isTrainability()) return; // not known yet
  const none = "This is no plane of parameter space.";
  for (const name of OVERLAYS) disableField(name, overlays ? overlays.missing[name] : none);
}

const plain = (name) => name.replace(/<.?sub>/g, "");

const short = (value) =>
  Math.abs(value) >= 1e-3 && Math.abs(value) < 1e5
    ? Number(value.toPrecision(3)).toString()
    : value.toExponential(1);

/** What is known of a point, in a line. */
export function reading(map, x, y) {
  const pixel = map.pixel(x, y);
  if (!pixel) return "";
  const { plane } = map.start;
  const value = (at, step) => {
    if (map.isTrainability()) return short(10 ** at);
    return Number(at.toFixed(Math.min(16, Math.max(2, 1 - Math.floor(Math.log10(step))))))
      .toString();
  };
  const { dx, dy } = map.grid();
  const where = `${plain(plane.x)} = ${value(pixel.x, dx)}, ${plain(plane.y)} = ${
    value(pixel.y, dy)
  }`;
  const period = pixel.period ? ` of period ${pixel.period}` : "";
  const until = DECIDED.includes(pixel.outcome) ? "at" : "up to";
  const fate = `${pixel.kind ?? pixel.outcome}${period} ${until} step ${
    (pixel.steps - 1).toLocaleString("en")
  }`;
  const sharp = Number.isFinite(pixel.sharpness)
    ? ` · sharpness ${short(pixel.sharpness)} = ${ofEdge((pixel.sharpness * pixel.lr) / 2)} · 2/η`
    : "";
  const loss = Number.isFinite(pixel.loss) ? ` · loss ${short(pixel.loss)}` : "";
  return `${where}: ${fate}${sharp}${loss}${
    pixel.changed ? " · another fate with twice the steps" : ""
  }`;
}
