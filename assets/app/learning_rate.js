/* The learning rate beside η_C: what stands under its field, and how far its slider reaches. */

import { $, say } from "../base/dom.js";
import { digits } from "../base/format.js";
import { setProps } from "./dash.js";
import { currentPage } from "./pages.js";
import { fieldValue } from "./values.js";

/** @type {(type: string, children: unknown) => object} */
const html = (type, children) => ({
  namespace: "dash_html_components",
  type,
  props: { children },
});

const ETA_C = html("Span", ["η", html("Sub", "C")]);

/** The slider of the learning rate reaches from η_C/50 to 3 η_C, and marks η_C.
 * @param {Line} start */
export function showLearningRate(start) {
  if (!start) return;
  const lr = currentPage().cursor ? Number(fieldValue("lr")) : start.params.lr;
  const { over = "lr" } = start.params;
  if (!lr || over !== "lr") {
    say("lr-zone", "");
    return say(
      "lr-words",
      `Every column of this ${over === "lr" ? "map" : "sweep"} has its own η.`,
    );
  }
  const critical = start.critical_lr?.value; // none where the network is not linear
  const ratio = critical ? ` · η = ${digits(lr / critical)} η_C` : "";
  const kind = !start.critical_lr || start.critical_lr.closed_form ? "" : " (η_C numerical)";
  const { factor, words } = start.edge;
  const full = start.params.batch ? " (full batch)" : "";
  say("lr-words", `${words}${full} = ${digits(factor / lr, 4)}${ratio}${kind}`);
  zones(lr, start, factor);
  const center = critical ?? lr;
  const field = $('{"name":"lr","type":"field"}'); // every page has its own
  if (!field || field.center === center && lr >= center / 50 && lr <= 3 * center) return;
  field.center = center; // the slider itself is made anew with its ends
  setProps({ type: "slider", name: "lr" }, {
    min: Math.log10(Math.min(lr, center / 50)),
    max: Math.log10(Math.max(lr, 3 * center)),
    marks: critical ? [{ value: Math.log10(critical), label: ETA_C }] : [],
  });
}

/** Too small, about right, too large: stable at the start, up to η_C, beyond.
 * @param {number} lr
 * @param {Line} start
 * @param {number} factor */
function zones(lr, start, factor) {
  const critical = start.critical_lr?.value ?? Infinity;
  const sharpness = start.start_sharpness;
  const stable = sharpness > 0 ? factor / sharpness : Infinity;
  const first = Math.min(stable, critical);
  const known = first < Infinity ? first : lr;
  const [low, high] = critical < Infinity ? [critical / 50, 3 * critical] : [known / 50, 3 * known];
  /** @param {number} value */
  const share = (value) => (100 * Math.log(Math.min(value, high) / low)) / Math.log(high / low);
  const strip = $("lr-strip");
  const widths = [share(first), share(critical) - share(first), 100 - share(critical)];
  [...(strip?.children ?? [])].forEach((
    zone,
    i,
  ) => (zone.style.width = `${Math.max(0, widths[i])}%`));
  say(
    "lr-zone",
    zoneWords(lr, {
      critical,
      first,
      stable,
      linear: start.linear,
      factor,
      batch: start.params.batch,
      past: start.past,
    }),
  );
}

/**
 * @param {number} lr
 * @param {Line} known
 */
function zoneWords(lr, { critical, first, stable, linear, factor, batch, past }) {
  const limit = `${digits(factor)}/S at the start (${digits(first)})`;
  if (!linear) {
    if (stable === Infinity) return "η_C is known of linear networks only.";
    const whole = batch ? " for full batches" : "";
    return lr > first
      ? `Past ${limit}: the start is sharper than is stable${whole}.`
      : `Below ${limit}: stable${whole} at the start.`;
  }
  if (lr > critical) return `Too large. ${past}`;
  if (lr > first) return `About right: past ${limit}, below η_C.`;
  return stable < critical ? `Small: below ${limit}.` : "Below η_C: some minimizers are stable.";
}
